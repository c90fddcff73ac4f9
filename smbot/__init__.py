"""smbot: news on a wiki, approved on the wiki, posted to social media exactly once."""

__version__ = "0.1.0"
