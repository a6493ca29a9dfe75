"""Celery tasks of the corpus."""

from celery import shared_task

from corpus.services import label_statistics


@shared_task
def agreement_measure() -> None:
    label_statistics.agreement_measure()
