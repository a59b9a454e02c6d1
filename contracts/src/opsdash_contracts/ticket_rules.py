"""Facts about tickets that more than one service goes by."""

from datetime import timedelta
from typing import Final

from opsdash_contracts.tickets import Category, Priority, Status

#: Statuses in which the SLA clock runs.
ACTIVE: Final = (Status.OPEN, Status.IN_PROGRESS, Status.WAITING)
#: Statuses in which a ticket's due time stays as it is.
FINISHED: Final = (Status.RESOLVED, Status.CLOSED)
#: A ticket whose window from creation to due time has passed by this share is at risk, and its warning is due.
AT_RISK_SHARE: Final = 0.8
#: A ticket due within this time is due soon.
DUE_SOON: Final = timedelta(hours=24)
#: What a ticket is unless somebody says otherwise.
DEFAULT_STATUS: Final = Status.OPEN
DEFAULT_PRIORITY: Final = Priority.MEDIUM
DEFAULT_CATEGORY: Final = Category.GENERAL
