"""What must not be read in a log: keys, tokens, and links that log somebody in."""

import logging
import re

SECRET = re.compile(r"(?<=/login/link/)[^/\s'\"]+|\b(?:sk|pk|xox[a-z]|xapp)-[\w-]{8,}|(?<=Bearer )\S+|(?<=Bot )\S{20,}")


class Redact(logging.Filter):
    """Masks secrets in every record of the handler it sits on; nothing is held back."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = SECRET.sub("***", message)
        if masked != message:
            record.msg, record.args = masked, None
        return True
