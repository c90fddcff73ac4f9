"""What `smbot install` puts on the wiki, as wikitext files.

`templates/` holds the templates, `Template:Smbot/…`: how cards, requests, settings and the log look. They use nothing
but the ParserFunctions extension, and show what strangers typed literally, whatever it is. `pages/` holds the first
text of the pages below the home of a desk; from then on these belong to the people of the wiki. `$HOME$` stands for
that home in all of them.
"""
