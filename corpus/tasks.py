"""Celery tasks of the corpus."""

from celery import shared_task

from corpus.services import agreements, take_scores


@shared_task
def agreement_measure() -> None:
    agreements.agreement_measure()


@shared_task
def waiting_rescore(speaker: int, after: int) -> None:
    take_scores.waiting_rescore(speaker=speaker, after=after)
