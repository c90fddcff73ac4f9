"""A whole world on one machine: a real MediaWiki on loopback, and the people who use it."""
