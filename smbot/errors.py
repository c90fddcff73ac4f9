"""The exceptions of smbot.

Bad input by people is never an exception: it is a `smbot.model.Problem`, shown where they are.
What a network did with a post is never an exception either: it is a `smbot.model.Outcome`.

    SmbotError
     +-- UsageError        wrong use or wrong settings of the operator; exit code 2
     +-- WikiError         the wiki could not be read or written; nothing is known to have changed
     |    +-- Conflict     the page changed since the revision the edit was computed from
     |    +-- Rejected     the wiki is well and does not take this text: too long, a forbidden link
     +-- WebError          something on the public web could not be read; its words are fit for a wiki page
     +-- ChannelError      a network could not be *asked* (limits, read-back); posting itself never raises
          +-- Unknowable   nor will it ever be able to tell: a person has to look
"""


class SmbotError(Exception):
    """Root of everything smbot raises on purpose."""


class UsageError(SmbotError):
    """The operator has to change the command line, the environment or a file."""


class WikiError(SmbotError):
    """The wiki could not be read or written."""


class Conflict(WikiError):
    """The page is no longer at the revision the edit was computed from."""


class Rejected(WikiError):
    """The wiki does not take the new text of a page; it says why."""


class WebError(SmbotError):
    """A file on the public web cannot be had; says why, in a sentence for people.

    `wait` is for how many seconds the server asks to be left alone, 0 when it does not.
    """

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class ChannelError(SmbotError):
    """A network could not be asked something; what was asked stays unknown."""


class Unknowable(ChannelError):
    """The network can never tell what was asked: it has no way to read back one's own posts, or no reliable one."""
