"""What `smbot install` puts on the wiki.

`templates/` holds the templates, `Template:Smbot/…`: how cards, requests, settings and the log look. They use nothing
but the ParserFunctions extension, and show what strangers typed literally, whatever it is. A queue of 500 cards has to
fit into what MediaWiki lets templates grow to, so a card and a post are kept short. `plain/` holds those that need no
extension: there the label of an argument that is empty is hidden by a style that is only good without it.
The arguments themselves are always shown, and nothing in nowiki gets into a style.

`pages/` holds the first text of the pages below the home of a desk; from then on these belong to the people of the
wiki. `gadget/` is for those with JavaScript. In all of them `$HOME$` stands for the home of the desk, and `⧼key⧽` for a
message; `smbot.shipped` fills them in.
"""
