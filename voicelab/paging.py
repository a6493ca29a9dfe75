"""Pages of long lists: only the keys are skipped over, from the nearer end; counts have a limit."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property


class LongPaginator(Paginator):
    """Pages of a list, or of an ordered queryset, read from its end in the second half.

    `known` is the number of rows, if the caller has it; with `most` no more than these are counted
    and shown, and `is_capped` says whether there are more.
    """

    def __init__(
        self, rows: Any, per_page: int, *, known: int | None = None, most: int | None = None
    ) -> None:
        super().__init__(rows, per_page)
        self._rows, self._known, self._most = rows, known, most

    @cached_property
    def _counted(self) -> int:
        if self._known is not None:
            return self._known
        if isinstance(self._rows, list):
            return len(self._rows)
        rows = self._rows if self._most is None else self._rows.order_by()[: self._most + 1]
        return int(rows.count())

    @cached_property
    def is_capped(self) -> bool:
        return self._most is not None and self._counted > self._most

    @cached_property
    def count(self) -> int:
        return self._most if self.is_capped and self._most else self._counted

    def page(self, number: Any) -> Page:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        last, rows = min(first + self.per_page, self.count), self._rows
        if self.is_capped or isinstance(rows, list) or 2 * first <= self.count:
            return Page(list(rows[first:last]), number, self)
        from_end = list(rows.reverse()[self.count - last : self.count - first])
        return Page(from_end[::-1], number, self)
