"""`python -m opsdash_local.apache`: fetch the jars now; one line and exit code 1 when this machine cannot."""

import sys

from opsdash_local.apache.jars import class_path
from opsdash_local.errors import LocalStackError

if __name__ == "__main__":
    try:
        class_path()
    except LocalStackError as error:
        sys.exit(f"opsdash: {error}")
