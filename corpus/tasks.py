"""Celery tasks of the corpus."""

from celery import shared_task

from corpus.services import agreements


@shared_task
def agreement_measure() -> None:
    agreements.agreement_measure()
