// dependencies: mediawiki.Title, mediawiki.util
/*
 * Buttons on the review queue and on the log, and a real form on the requests page of smbot.
 *
 * Works as a gadget and as a user script. What only the pages of the desk need is loaded there and nowhere else.
 * Everything done here is one ordinary edit by the person who presses the button: smbot trusts it no more than any
 * other, and all of it can be done without this script, by editing the page.
 *
 * MediaWiki 1.39 takes only ECMAScript 5 in gadgets, so that is the syntax of this file. Words of people become text
 * of the page, never HTML.
 */
( function () {
	'use strict';

	/** What smbot install fills in: the messages by language and key, the pages of the desk, how templates begin, styles. */
	var MESSAGES = /*MESSAGES*/{};
	var PAGES = /*PAGES*/{};
	var TEMPLATES = /*TEMPLATES*/'';
	var STYLES = /*STYLES*/'';

	var NEEDED = [
		'mediawiki.api', 'mediawiki.jqueryMsg', 'mediawiki.language', 'mediawiki.storage',
		'oojs-ui-core', 'oojs-ui-widgets'
	];
	var CARD = { template: TEMPLATES + 'candidate', key: 'id' };
	var ROW = { template: TEMPLATES + 'log row', key: 'key' };
	// What people fill in on a card, beside words such as `text wikitech` for just one account or network.
	var PEOPLES = [
		'status', 'reason', 'posted link', 'accounts', 'reposted by', 'text', 'link', 'image', 'alt', 'warning', 'not before',
		'not after', 'language', 'repost', 'like', 'evergreen', 'notes', 'done'
	];
	var OWN = /^text\s+/;
	var TRIES = 3;
	var AT_ONCE = 10; // cards that get their buttons in one go, so that the browser stays awake
	var STORED = 'smbot-asked';

	// --- speaking ---------------------------------------------------------------------------------------------------

	var spoken = 'en';

	/**
	 * A message in the language that is spoken, or in one it falls back to (pt-br, pt, en).
	 *
	 * @param {string} key Without its prefix `gadget-`; further arguments are its values.
	 * @return {string}
	 */
	function say( key ) {
		var language = spoken.toLowerCase();
		while ( language !== 'en' && !( MESSAGES[ language ] && MESSAGES[ language ][ key ] ) ) {
			language = language.indexOf( '-' ) < 0 ? 'en' : language.replace( /-[^-]*$/, '' );
		}
		var values = [].slice.call( arguments, 1 ).map( function ( value ) {
			return typeof value === 'number' && language !== 'en' ? mw.language.convertNumber( value ) : value;
		} );
		var name = 'smbot-' + language + '-' + key;
		mw.messages.set( name, ( MESSAGES[ language ] || {} )[ key ] || key );
		return mw.message.apply( mw, [ name ].concat( values ) ).text();
	}

	/** What `words()` says in the wiki's own language: summaries of edits are for everybody. */
	function inWikisLanguage( words ) {
		var before = spoken;
		spoken = mw.config.get( 'wgContentLanguage' );
		try {
			return words();
		} finally {
			spoken = before;
		}
	}

	// --- wikitext ---------------------------------------------------------------------------------------------------

	var SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
	var ENDS = new RegExp( '^' + SPACE + '+|' + SPACE + '+$', 'g' );
	// A tilde three times in a row would be somebody's signature once this page is saved.
	var NOT_PLAIN = new RegExp(
		'[|{}\\[\\]<>&\\0]|~{3}|\'\'|__|^[ \\t*#:;=-]|\\n[ \\t\\n*#:;=-]|-\\{|(?:^|[^\\p{L}\\p{N}_])(?:RFC|PMID|ISBN) ', 'u'
	);
	var CHARACTERS = { '!': '|', '=': '=', '((': '{{', '))': '}}', '!!': '||' };
	// Comments and what is in nowiki and its like hide everything else. The last line is what templates are made of.
	var TOKEN = new RegExp(
		'<!--[\\s\\S]*?(?:-->|$)' +
		'|<(nowiki|pre|syntaxhighlight|source|math)(?:\\s[^<>]*)?(?:/>|>[\\s\\S]*?</\\1\\s*>)' +
		'|\\{{2,}|\\}{2,}|\\[\\[|\\]\\]|\\||=', 'gi'
	);

	/** Without the white space at the ends, as smbot takes it off. */
	function strip( text ) {
		return text.replace( ENDS, '' );
	}

	/**
	 * Plain text as a template argument: the same rule as `encode` in smbot/templates.py.
	 *
	 * @param {string} text
	 * @return {string}
	 */
	function encode( text ) {
		text = strip( text );
		return NOT_PLAIN.test( text ) ?
			'<nowiki>' + text.replace( /&/g, '&amp;' ).replace( /</g, '&lt;' ).replace( />/g, '&gt;' ) + '</nowiki>' :
			text;
	}

	/** Character entities as characters. Only ever one entity at a time goes through the browser's parser. */
	function unescapeEntities( text ) {
		return text.replace( /&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z0-9]+);/g, function ( entity ) {
			return new DOMParser().parseFromString( entity, 'text/html' ).documentElement.textContent;
		} );
	}

	/**
	 * The plain text of a template argument. Markup stays as it was typed; smbot complains about it.
	 *
	 * @param {string} wikitext
	 * @return {string}
	 */
	function decode( wikitext ) {
		var pieces = /<!--[\s\S]*?(?:-->|$)|<nowiki\s*\/>|<nowiki\s*>([\s\S]*?)<\/nowiki\s*>|\{\{([!=()]{1,2})\}\}|&[^;\s]+;/gi;
		return strip( wikitext.replace( pieces, function ( found, inNowiki, character ) {
			if ( inNowiki !== undefined ) {
				return unescapeEntities( inNowiki );
			}
			if ( character !== undefined ) {
				return CHARACTERS[ character ] || found;
			}
			return found.charAt( 0 ) === '&' ? unescapeEntities( found ) : '';
		} ) );
	}

	/**
	 * @typedef {Object} Template
	 * @property {number} start Where it begins on the page, and `end` where it ends
	 * @property {string} name
	 * @property {string} head All before the first argument
	 * @property {Array} parts Its arguments: {name, label, value}, label being what stands between | and =
	 */

	/**
	 * The templates of one name that stand on the page itself, read as MediaWiki's preprocessor does.
	 *
	 * @param {string} text
	 * @param {string} wanted
	 * @return {Template[]}
	 */
	function templates( text, wanted ) {
		var stack = [], found = [];
		text.replace( TOKEN, function () {
			var token = arguments[ 0 ], at = arguments[ arguments.length - 2 ];
			var top = stack[ stack.length - 1 ];
			if ( token.charAt( 0 ) === '{' || token === '[[' ) {
				stack.push( { opener: token, at: at, bars: [], parent: top, closed: false } );
			} else if ( token === ']]' ) {
				if ( top && top.opener === '[[' ) {
					stack.pop().closed = true;
				}
			} else if ( token.charAt( 0 ) === '}' ) {
				close( token.length, at );
			} else if ( top && token === '|' ) {
				top.bars.push( { at: at, equals: -1 } );
			} else if ( top && token === '=' && top.bars.length && top.bars[ top.bars.length - 1 ].equals < 0 ) {
				top.bars[ top.bars.length - 1 ].equals = at;
			}
			return token;
		} );

		function close( left, at ) {
			var top = stack[ stack.length - 1 ];
			while ( left >= 2 && top && top.opener !== '[[' ) {
				var count = Math.min( left, top.opener.length, 3 );
				left -= count;
				at += count;
				stack.pop();
				top.closed = true;
				if ( count === 2 && top.opener.length === 2 ) {
					found.push( cut( top, at ) );
				} else if ( top.opener.length - count >= 2 ) {
					stack.push( { opener: top.opener.slice( count ), at: top.at, bars: [], parent: top.parent, closed: false } );
				}
				top = stack[ stack.length - 1 ];
			}
		}

		function cut( piece, end ) {
			var ends = piece.bars.slice( 1 ).map( function ( bar ) {
				return bar.at;
			} ).concat( end - 2 );
			return {
				piece: piece,
				start: piece.at,
				end: end,
				head: text.slice( piece.at, piece.bars.length ? piece.bars[ 0 ].at : end - 2 ),
				parts: piece.bars.map( function ( bar, i ) {
					return bar.equals < 0 ?
						{ name: '', label: null, value: text.slice( bar.at + 1, ends[ i ] ) } :
						part( text.slice( bar.at + 1, bar.equals ), text.slice( bar.equals + 1, ends[ i ] ) );
				} )
			};
		}

		return found.filter( function ( template ) {
			var around = template.piece.parent;
			while ( around && !around.closed ) {
				around = around.parent;
			}
			return !around && tidy( template.head.slice( 2 ).replace( /<!--[\s\S]*?-->/g, '' ) ) === wanted;
		} );
	}

	/** The name of a template as MediaWiki writes it: the same rule as `tidy` in smbot/names.py. */
	function tidy( name ) {
		name = name.replace( /[_\s]+/g, ' ' ).trim().replace( /^template\s*:\s*/i, '' );
		var colon = name.indexOf( ':' ), rest = name.slice( colon + 1 ).trim(), space = name.slice( 0, Math.max( colon, 0 ) ).trim();
		return ( colon < 0 ? '' : capital( space.toLowerCase() ) + ':' ) + capital( rest );
	}

	function capital( name ) {
		return name.charAt( 0 ).toUpperCase() + name.slice( 1 );
	}

	function part( label, value ) {
		return { name: label.replace( /<!--[\s\S]*?-->/g, '' ).trim(), label: label, value: value };
	}

	/** The last argument of a name, which is the one that counts; undefined without one. */
	function argument( template, name ) {
		return template.parts.filter( function ( p ) {
			return p.name === name;
		} ).pop();
	}

	/** The words of an argument; '' where it is not given. */
	function words( template, name ) {
		var found = argument( template, name );
		return found ? decode( found.value ) : '';
	}

	/**
	 * Set one argument and leave every other byte as it was, like `put` in smbot/templates.py; '' takes it away.
	 */
	function put( template, name, wikitext ) {
		var parts = template.parts, there = argument( template, name );
		if ( !wikitext ) {
			template.parts = parts.filter( function ( p ) {
				return p.name !== name;
			} );
		} else if ( there && strip( there.value ) !== wikitext ) {
			var body = strip( there.value );
			var begin = there.value.indexOf( body );
			there.value = ( there.value.slice( 0, body ? begin : there.value.length ) || ' ' ) + wikitext +
				( body && there.value.slice( begin + body.length ) || '\n' );
		} else if ( !there ) {
			var last = parts[ parts.length - 1 ];
			if ( !last ) {
				template.head = template.head.replace( /\s*$/, '\n' );
			} else if ( !/\n$/.test( last.value ) ) {
				last.value = last.value.replace( / +$/, '' ) + '\n';
			}
			parts.push( part( ' ' + name + ' ', ' ' + wikitext + '\n' ) );
		}
	}

	/** A template as wikitext. */
	function write( template ) {
		return template.head + template.parts.map( function ( p ) {
			return '|' + ( p.label === null ? '' : p.label + '=' ) + p.value;
		} ).join( '' ) + '}}';
	}

	/** The templates of a kind on a page by their key; null where a key is there twice, so that neither counts. */
	function byKey( text, kind ) {
		var found = Object.create( null );
		templates( text, kind.template ).forEach( function ( template ) {
			var key = strip( ( argument( template, kind.key ) || { value: '' } ).value );
			found[ key ] = key in found ? null : template;
		} );
		return found;
	}

	// --- the wiki ---------------------------------------------------------------------------------------------------

	var api;

	/** A request to the wiki's API; what goes wrong is an Error with the API's `code` and words for people. */
	function ask( method, parameters ) {
		var all = { formatversion: 2, errorformat: 'plaintext', uselang: mw.config.get( 'wgUserLanguage' ) };
		Object.keys( parameters ).forEach( function ( name ) {
			all[ name ] = parameters[ name ];
		} );
		return new Promise( function ( resolve, reject ) {
			( method === 'get' ? api.get( all ) : api.postWithToken( 'csrf', all ) ).then( resolve, function ( code, data ) {
				var error = new Error( data && data.errors ? data.errors[ 0 ].text : say( 'no-answer' ) );
				error.code = code;
				reject( error );
			} );
		} );
	}

	/** The page one looks at, as it is now, or a page as it was in a revision. */
	function read( title, revision ) {
		var which = revision ? { revids: revision } : { titles: title };
		which.action = 'query';
		which.prop = 'revisions';
		which.rvprop = 'ids|content';
		which.rvslots = 'main';
		return ask( 'get', which ).then( function ( answer ) {
			var page = answer.query && answer.query.pages && answer.query.pages[ 0 ];
			if ( !page || !page.revisions || !page.revisions[ 0 ].slots.main.content ) {
				throw new Error( say( 'page-unreadable' ) );
			}
			return { revision: page.revisions[ 0 ].revid, text: page.revisions[ 0 ].slots.main.content };
		} );
	}

	/**
	 * One edit. Only `baserevid` says what it was made from: with a time beside it, MediaWiki would let a person's edit
	 * overwrite what the same person did meanwhile in another window.
	 */
	function save( parameters ) {
		parameters.action = 'edit';
		parameters.nocreate = true;
		parameters.assert = mw.config.get( 'wgUserName' ) ? 'user' : 'anon';
		return ask( 'post', parameters ).then( function ( answer ) {
			if ( !answer.edit || answer.edit.result !== 'Success' ) {
				throw new Error( say( 'not-saved-by-wiki' ) );
			}
			return answer.edit;
		} );
	}

	var thisPage = mw.config.get( 'wgPageName' );
	var shown = {};

	/** The wikitext of each card (or row) that the person has before them, by key: from the revision that was loaded. */
	function onScreen( kind ) {
		if ( !shown[ kind.template ] ) {
			shown[ kind.template ] = read( thisPage, mw.config.get( 'wgRevisionId' ) ).then( function ( page ) {
				var found = byKey( page.text, kind );
				Object.keys( found ).forEach( function ( key ) {
					found[ key ] = found[ key ] && write( found[ key ] );
				} );
				return found;
			} );
			shown[ kind.template ].catch( function () {
				delete shown[ kind.template ];
			} );
		}
		return shown[ kind.template ];
	}

	/**
	 * Fill arguments into one or several cards, in one edit. Cards that are not as they were on the screen are left.
	 *
	 * @param {Object} kind CARD or ROW
	 * @param {Object} wanted By key: the plain words of each argument, '' to take it away
	 * @param {string} summary
	 * @param {number} [tries]
	 * @return {Promise<Object>} The keys that were `saved`, and what `changed` meanwhile, by key
	 */
	function change( kind, wanted, summary, tries ) {
		return Promise.all( [ onScreen( kind ), read( thisPage ) ] ).then( function ( both ) {
			var before = both[ 0 ], text = both[ 1 ].text, found = byKey( text, kind ), edits = [];
			var result = { saved: [], changed: {} };
			Object.keys( wanted ).forEach( function ( key ) {
				if ( found[ key ] && before[ key ] && write( found[ key ] ) !== before[ key ] ) {
					result.changed[ key ] = difference( byKey( before[ key ], kind )[ key ], found[ key ] );
				} else if ( found[ key ] && before[ key ] ) {
					edits.push( { key: key, template: found[ key ] } );
				}
			} );
			if ( !edits.length ) {
				return result;
			}
			edits.sort( function ( one, other ) {
				return other.template.start - one.template.start; // from the end, so that places stay where they are
			} );
			edits.forEach( function ( edit ) {
				Object.keys( wanted[ edit.key ] ).forEach( function ( name ) {
					put( edit.template, name, encode( wanted[ edit.key ][ name ] ) );
				} );
				edit.after = write( edit.template );
				text = text.slice( 0, edit.template.start ) + edit.after + text.slice( edit.template.end );
			} );
			return save( {
				title: thisPage, text: text, baserevid: both[ 1 ].revision, summary: summary
			} ).then( function () {
				edits.forEach( function ( edit ) {
					before[ edit.key ] = edit.after;
					result.saved.push( edit.key );
				} );
				return result;
			}, function ( error ) {
				if ( error.code === 'editconflict' && tries !== 0 ) {
					return change( kind, wanted, summary, ( tries || TRIES ) - 1 );
				}
				throw error;
			} );
		} );
	}

	/** What people changed on a card, in a few words: such as `status = declined, text`. */
	function difference( before, now ) {
		return now.parts.concat( before.parts ).map( function ( p ) {
			return p.name;
		} ).filter( function ( name, i, names ) {
			return ( PEOPLES.indexOf( name ) >= 0 || OWN.test( name ) ) && names.indexOf( name ) === i &&
				words( before, name ) !== words( now, name );
		} ).map( function ( name ) {
			return name === 'status' ? name + ' = ' + words( now, name ) : name;
		} ).join( ', ' );
	}

	/** Who first changed a card after the revision on the screen, and in which revision; {} where it cannot be told. */
	function whoChanged( kind, key ) {
		return Promise.all( [ onScreen( kind ), ask( 'get', {
			action: 'query', titles: thisPage, prop: 'revisions', rvprop: 'ids|user|content', rvslots: 'main',
			rvstartid: mw.config.get( 'wgRevisionId' ), rvdir: 'newer', rvlimit: 20
		} ) ] ).then( function ( both ) {
			var revisions = both[ 1 ].query.pages[ 0 ].revisions.slice( 1 );
			return revisions.filter( function ( revision ) {
				var card = byKey( revision.slots.main.content || '', kind )[ key ];
				return !card || write( card ) !== both[ 0 ][ key ];
			} )[ 0 ] || {};
		} );
	}

	// --- accounts and their networks --------------------------------------------------------------------------------

	/** For each network: its name, how much fits, how it counts, and how many bytes of UTF-8 have to suffice. */
	var NETWORKS = {
		mastodon: [ 'Mastodon', 500, asMastodon ],
		bluesky: [ 'Bluesky', 300, graphemes, 3000 ],
		x: [ 'X', 280, asX ],
		facebook: [ 'Facebook', 63206, units ],
		telegram: [ 'Telegram', 4096, units ],
		matrix: [ 'Matrix', 20000, codePoints, 30000 ],
		irc: [ 'IRC', 400, bytes ],
		'google-chat': [ 'Google Chat', 32000, bytes ],
		'facebook-group': [ '', 60000, codePoints ],
		'messenger-group': [ '', 20000, codePoints ],
		'whatsapp-group': [ '', 60000, codePoints ]
	};
	var GROUP = { 'facebook-group': 'Facebook', 'messenger-group': 'Messenger', 'whatsapp-group': 'WhatsApp' };
	var WEB = /(^|[^a-z0-9@＠$#＃])https?:\/\/[^\s<>"/?#:]+\.[a-z]{2,63}(?![0-9a-z@+.-])(?::\d+)?(?:[/?#][^\s<>"]*[^\s<>"'.,;:!?()[\]…])?/gi;
	var BARE = /(^|[^\w@.\-/])(?:[\w-]+\.)+(?:com|org|net|io|dev|info|edu|gov|eu|de|fr|in|uk|cloud)\b(?:\/[^\s<>"]*[^\s<>"'.,;:!?()[\]…])?/gi;
	var LINK = new Array( 24 ).join( 'x' ); // what a link costs, however long it is
	var segmenter = window.Intl && Intl.Segmenter ? new Intl.Segmenter() : null;
	var PICTURE = new RegExp( '\\p{Extended_Pictographic}|\\p{Regional_Indicator}|\\u20e3', 'u' );

	/** What a reader takes for one character each. */
	function characters( text ) {
		return segmenter ? Array.from( segmenter.segment( text ), function ( found ) {
			return found.segment;
		} ) : Array.from( text );
	}

	function graphemes( text ) {
		return characters( text ).length;
	}

	function codePoints( text ) {
		return Array.from( text ).length;
	}

	function units( text ) {
		return text.length;
	}

	function bytes( text ) {
		return new TextEncoder().encode( text ).length;
	}

	function asMastodon( text ) {
		return graphemes( strip( text ).replace( WEB, '$1' + LINK ).replace( /(^|[^=/\w])(@\w+)@[\w.-]*\w/g, '$1$2' ) );
	}

	/** Latin letters weigh 1, most others and pictures 2: https://docs.x.com/fundamentals/counting-characters */
	function asX( text ) {
		text = text.replace( WEB, '$1' + LINK ).replace( BARE, '$1' + LINK );
		return characters( text ).reduce( function ( sum, character ) {
			return sum + ( PICTURE.test( character ) ? 2 : weight( character ) );
		}, 0 );
	}

	function weight( character ) {
		return Array.from( character ).reduce( function ( sum, point ) {
			var code = point.codePointAt( 0 );
			var light = code <= 4351 || ( code >= 8192 && code <= 8205 ) || ( code >= 8208 && code <= 8223 ) ||
				( code >= 8242 && code <= 8247 );
			return sum + ( light ? 1 : 2 );
		}, 0 );
	}

	function networkName( network ) {
		return GROUP[ network ] ? say( 'group', GROUP[ network ] ) : ( NETWORKS[ network ] || [ network ] )[ 0 ];
	}

	var accountsRead;

	/** The accounts on the settings page by name: {networks, threads, maintainers}, each a list. */
	function accounts() {
		accountsRead = accountsRead || read( PAGES.Settings ).then( function ( page ) {
			var found = {};
			templates( page.text, TEMPLATES + 'account' ).forEach( function ( template ) {
				found[ words( template, 'account' ).toLowerCase() ] = {
					networks: list( words( template, 'networks' ).toLowerCase() ),
					threads: list( words( template, 'threads' ).toLowerCase() ),
					maintainers: people( words( template, 'maintainers' ) )
				};
			} );
			return found;
		} );
		return accountsRead;
	}

	function list( text ) {
		return text.split( /[,;\n]/ ).map( strip ).filter( Boolean );
	}

	/** User names by commas, or one a line with or without bullets, where commas may be part of them. */
	function people( text ) {
		var onePerLine = /^[*#]/m.test( text ) || ( /\n/.test( text ) && !/[,;]\s*\n/.test( text ) );
		return ( onePerLine ? text.split( '\n' ) : list( text ) ).map( function ( name ) {
			name = strip( name.replace( /^\s*[*#]+/, '' ).replace( /_/g, ' ' ) );
			return capital( name );
		} ).filter( Boolean );
	}

	/** Which of the accounts a person maintains. */
	function maintained( all ) {
		return Object.keys( all ).filter( function ( name ) {
			return all[ name ].maintainers.indexOf( mw.config.get( 'wgUserName' ) ) >= 0;
		} );
	}

	/**
	 * The channels of some accounts, with what fits there.
	 *
	 * @param {string[]} names
	 * @param {Object} all As `accounts()` gives them
	 * @param {Object} limits By channel, where a card says what fits
	 * @return {Object[]}
	 */
	function channels( names, all, limits ) {
		return [].concat.apply( [], names.filter( function ( name ) {
			return all[ name ];
		} ).map( function ( name ) {
			return all[ name ].networks.map( function ( network ) {
				var known = NETWORKS[ network ] || [ network, Infinity, codePoints ];
				return {
					account: name, network: network, measure: known[ 2 ], bytes: known[ 3 ] || Infinity,
					limit: limits[ name + '/' + network ] || known[ 1 ], threads: all[ name ].threads.indexOf( network ) >= 0
				};
			} );
		} ) );
	}

	/** The words of each post a channel would get: those nearest to it, with the link below unless they hold it. */
	function postsFor( channel, form ) {
		var places = [ channel.account + '/' + channel.network, channel.network, channel.account ];
		var own = places.filter( function ( place ) {
			return form.own[ place ];
		} )[ 0 ];
		var text = strip( own ? form.own[ own ] : form.text ).normalize( 'NFC' );
		var escaped = form.link.replace( /[.*+?^${}()|[\]\\]/g, '\\$&' );
		if ( form.link && !new RegExp( escaped + '(?![\\w/?#&=%~-]|[.,:;!]\\w)' ).test( text ) ) {
			text = strip( text + '\n\n' + form.link );
		}
		var drawn = text.split( /^[^\S\n]*-{3,}[^\S\n]*$/m ).map( strip ).filter( Boolean );
		var posts = channel.threads ? drawn : text.indexOf( '---' ) < 0 ? [ text ] : [ drawn.join( '\n\n' ) ];
		return posts.length ? posts : [ '' ];
	}

	/** How much of a post there is, and by how much it is too long: {length, excess}. */
	function measured( channel, post, form ) {
		var warned = form.warning ? form.warning + '\n\n' + post : post;
		var length = channel.measure( warned );
		return { length: length, excess: Math.max( 0, length - channel.limit, bytes( warned ) - channel.bytes ) };
	}

	// --- pieces of the page -----------------------------------------------------------------------------------------

	/** An element with text and children. Text is never HTML. */
	function element( tag, className, text, children ) {
		var made = document.createElement( tag );
		made.className = className || '';
		made.textContent = text || '';
		( children || [] ).forEach( function ( child ) {
			made.appendChild( child.$element ? child.$element[ 0 ] : child );
		} );
		return made;
	}

	function link( url, text ) {
		var made = element( 'a', '', text );
		made.href = url;
		return made;
	}

	function button( label, onClick, flags ) {
		var made = new OO.ui.ButtonWidget( { label: label, flags: flags || [] } );
		made.on( 'click', onClick );
		return made;
	}

	function field( widget, label, help ) {
		return new OO.ui.FieldLayout( widget, { label: label, align: 'top', help: help, helpInline: true } );
	}

	/** A place in which screen readers hear what comes of something. */
	function live() {
		var place = element( 'div', 'smbot-said' );
		place.setAttribute( 'role', 'status' );
		place.tabIndex = -1;
		return place;
	}

	/** Say in a live place what came of something; `kind` is good, bad or busy. */
	function tell( place, kind, text, children ) {
		place.className = 'smbot-said smbot-' + kind;
		place.textContent = '';
		place.appendChild( element( 'span', '', text ) );
		( children || [] ).forEach( function ( child ) {
			place.appendChild( document.createTextNode( ' ' ) );
			place.appendChild( child );
		} );
		if ( kind !== 'busy' ) {
			place.focus();
		}
	}

	function tellProblems( place, problems ) {
		tell( place, 'bad', say( 'problems', problems.length ), [ element( 'ul', '', '', problems.map( function ( problem ) {
			return element( 'li', '', problem );
		} ) ) ] );
	}

	// --- the fields that requests and cards share -------------------------------------------------------------------

	/**
	 * Fields for a post, and below them each post as it will look, while it is typed.
	 *
	 * @param {Object} given The plain words of each argument by name
	 * @param {Object} all As `accounts()` gives them
	 * @param {Object} limits By channel, where a card says what fits
	 * @return {Object} {node, focus(), values(), problems()}
	 */
	function postForm( given, all, limits ) {
		var inputs = postInputs( given, all ), own = ownWords( given, all, draw );
		var posts = element( 'div', 'smbot-posts' ), counts = element( 'div', 'smbot-counts' );
		var untouched = {}, picture = null, missing = '';
		Object.keys( inputs ).forEach( function ( name ) {
			untouched[ name ] = given[ name ] ? String( inputs[ name ].getValue() ) : '';
		} );

		/** What nobody touched is as it was given, however an input shows it. */
		function values() {
			var found = own.values();
			Object.keys( inputs ).forEach( function ( name ) {
				var value = String( inputs[ name ].getValue() );
				found[ name ] = value === untouched[ name ] ? given[ name ] || '' :
					name === 'accounts' ? inputs.accounts.getValue().join( ', ' ) :
						/^not /.test( name ) ? timeIn( inputs[ name ] ) : strip( value );
			} );
			return found;
		}

		function typed() {
			var found = values();
			found.points = given.repost || given.like;
			found.own = {};
			Object.keys( found ).forEach( function ( name ) {
				if ( OWN.test( name ) ) {
					found.own[ name.replace( OWN, '' ).toLowerCase() ] = found[ name ];
				}
			} );
			return found;
		}

		function draw() {
			var form = typed();
			posts.textContent = counts.textContent = '';
			channels( inputs.accounts.getValue(), all, limits ).forEach( function ( channel ) {
				postsFor( channel, form ).forEach( function ( post, i ) {
					counts.appendChild( drawCount( channel, post, form, true ) );
					posts.appendChild( drawPost( channel, post, form, i ? null : picture ) );
				} );
			} );
		}

		function findPicture() {
			var name = inputs.image.getValue();
			return imageInfo( name ).then( function ( info ) {
				if ( inputs.image.getValue() === name ) {
					picture = info;
					missing = name && !info ? name : '';
					draw();
				}
			} );
		}

		Object.keys( inputs ).forEach( function ( name ) {
			inputs[ name ].on( 'change', name === 'image' ? OO.ui.debounce( findPicture, 300 ) : draw );
		} );
		draw();
		findPicture();
		return {
			node: formNode( inputs, own.node, counts, posts ),
			focus: function () {
				inputs.text.focus();
			},
			values: values,
			problems: function () {
				return findPicture().then( function () {
					return problems( typed(), channels( inputs.accounts.getValue(), all, limits ), missing );
				} );
			}
		};
	}

	/** The inputs of a form by the name of the argument each fills. */
	function postInputs( given, all ) {
		var names = Object.keys( all ), chosen = list( ( given.accounts || '' ).toLowerCase() );
		return {
			text: new OO.ui.MultilineTextInputWidget( { value: given.text, rows: 4, autosize: true } ),
			accounts: new OO.ui.CheckboxMultiselectInputWidget( {
				value: chosen.length || names.length > 1 ? chosen : names,
				options: names.concat( chosen.filter( function ( name ) {
					return !all[ name ];
				} ) ).map( function ( name ) {
					return { data: name, label: accountLabel( name, all[ name ] ) };
				} )
			} ),
			link: new OO.ui.TextInputWidget( { value: given.link, type: 'url', placeholder: 'https://' } ),
			image: new OO.ui.TextInputWidget( { value: given.image } ),
			alt: new OO.ui.MultilineTextInputWidget( { value: given.alt, rows: 2, autosize: true } ),
			'not before': timeInput( given[ 'not before' ] ),
			'not after': timeInput( given[ 'not after' ] ),
			warning: new OO.ui.TextInputWidget( { value: given.warning } ),
			language: new OO.ui.TextInputWidget( { value: given.language, placeholder: 'en' } ),
			notes: new OO.ui.MultilineTextInputWidget( { value: given.notes, rows: 2 } )
		};
	}

	function accountLabel( name, account ) {
		return account ? say( 'account', name, account.networks.map( networkName ).join( ', ' ) ) : name;
	}

	function formNode( inputs, own, counts, posts ) {
		var more = element( 'details', 'smbot-more', '', [
			element( 'summary', '', say( 'more' ) ), timeField( inputs[ 'not after' ], say( 'not-after' ) ),
			field( inputs.warning, say( 'warning' ), say( 'warning-help' ) ),
			field( inputs.language, say( 'language' ), say( 'language-help' ) ),
			field( inputs.notes, say( 'notes' ), say( 'notes-help' ) ), own
		] );
		more.open = !!own.querySelector( 'textarea' );
		return element( 'div', 'smbot-form', '', [
			field( inputs.text, say( 'words' ), say( 'words-help' ) ), counts, field( inputs.accounts, say( 'accounts' ) ),
			field( inputs.link, say( 'link' ), say( 'link-help' ) ),
			field( inputs.image, say( 'image' ), say( 'image-help' ) ), imagePicker( inputs.image, inputs.alt ),
			field( inputs.alt, say( 'alt' ), say( 'alt-help' ) ), timeField( inputs[ 'not before' ], say( 'not-before' ) ),
			more, element( 'div', 'smbot-label', say( 'preview' ) ), posts
		] );
	}

	/** Inputs for other words for one account, network or channel: {node, values()}. */
	function ownWords( given, all, onChange ) {
		var inputs = {}, node = element( 'div' ), places = [];

		function add( name, value ) {
			if ( !inputs[ name ] ) {
				inputs[ name ] = new OO.ui.MultilineTextInputWidget( { value: value, rows: 3, autosize: true } );
				inputs[ name ].on( 'change', onChange );
				node.appendChild( field( inputs[ name ], say( 'own', name.replace( OWN, '' ) ) ).$element[ 0 ] );
			}
			inputs[ name ].focus();
		}

		Object.keys( given ).filter( OWN.test.bind( OWN ) ).forEach( function ( name ) {
			add( name, given[ name ] );
		} );
		channels( Object.keys( all ), all, {} ).forEach( function ( channel ) {
			places.push( channel.account, channel.network, channel.account + '/' + channel.network );
		} );
		var select = element( 'select', '', '', places.filter( function ( name, i ) {
			return places.indexOf( name ) === i;
		} ).sort().map( function ( name ) {
			return element( 'option', '', name );
		} ) );
		var place = new OO.ui.InputWidget( { $input: $( select ) } ); // OOUI's own list has no name for screen readers
		var button_ = button( say( 'own-add' ), function () {
			add( 'text ' + select.value, '' );
		} );
		return {
			node: element( 'div', '', '', [
				node, new OO.ui.ActionFieldLayout( place, button_, { label: say( 'own-for' ), align: 'top' } )
			] ),
			values: function () {
				var found = {};
				Object.keys( inputs ).forEach( function ( name ) {
					found[ name ] = strip( inputs[ name ].getValue() );
				} );
				return found;
			}
		};
	}

	/** A time in UTC, with the browser's own calendar; as plain text where somebody wrote it in words. */
	function timeInput( value ) {
		var input = new OO.ui.TextInputWidget( { placeholder: '2026-11-25 14:00' } );
		if ( !value || /^\d{4}-\d\d-\d\d \d\d:\d\d$/.test( value ) ) {
			input.$input.attr( 'type', 'datetime-local' );
			value = ( value || '' ).replace( ' ', 'T' );
		}
		return input.setValue( value );
	}

	/** The time in such an input, as smbot writes times. */
	function timeIn( input ) {
		return strip( input.getValue() ).replace( /^(\d{4}-\d\d-\d\d)T/, '$1 ' );
	}

	/** A time with what it is where the reader sits. */
	function timeField( input, label ) {
		var here = element( 'div', 'smbot-here' );
		function show() {
			var time = new Date( timeIn( input ).replace( ' ', 'T' ) + 'Z' );
			here.textContent = isNaN( time ) || !time.getTimezoneOffset() ? '' : say( 'here', time.toLocaleString( mw.config.get( 'wgUserLanguage' ), {
				weekday: 'short', day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit', timeZoneName: 'short'
			} ) );
		}
		input.on( 'change', show );
		show();
		return element( 'div', '', '', [ field( input, label, say( 'utc' ) ), here ] );
	}

	/** One post as it will look, with how much of it fits. */
	function drawPost( channel, post, form, picture ) {
		var size = measured( channel, post, form ), bar = element( 'div', 'smbot-bar', '', [ element( 'div' ) ] );
		bar.firstChild.style.width = Math.min( 100, 100 * size.length / channel.limit ) + '%';
		var text = element( 'p', 'smbot-words', post );
		text.dir = 'auto';
		text.lang = form.language || 'en';
		var children = [ element( 'div', 'smbot-post-head', '', [
			element( 'strong', '', channelName( channel ) ), drawCount( channel, post, form, false )
		] ), bar ];
		if ( form.warning ) {
			children.push( element( 'p', 'smbot-words', form.warning ) );
		}
		children.push( text );
		if ( picture && picture.thumb ) {
			var image = element( 'img' );
			image.src = picture.thumb;
			image.alt = form.alt;
			children.push( image );
		}
		return element( 'div', 'smbot-preview' + ( size.excess && !channel.threads ? ' smbot-long' : '' ), '', children );
	}

	/** How much of what fits a post is. */
	function drawCount( channel, post, form, isNamed ) {
		var size = measured( channel, post, form );
		var count = !size.excess ? say( 'count', size.length, channel.limit ) : channel.threads ?
			say( 'will-be-parted', size.length, channel.limit ) : say( 'too-long', size.length, channel.limit, size.excess );
		return element( 'div', size.excess && !channel.threads ? 'smbot-count smbot-long' : 'smbot-count',
			isNamed ? say( 'count-on', channelName( channel ), count ) : count );
	}

	function channelName( channel ) {
		return say( 'on', channel.account, networkName( channel.network ) );
	}

	/** What has to be put right before a post can be saved, for people. */
	function problems( form, where, missing ) {
		var found = [];
		if ( !form.accounts ) {
			found.push( say( 'problem-accounts' ) );
		}
		if ( !form.points && ( where.length ? where.some( function ( channel ) {
			return !postsFor( channel, form )[ 0 ];
		} ) : !form.text ) ) {
			found.push( say( 'problem-words' ) );
		}
		where.forEach( function ( channel ) {
			postsFor( channel, form ).forEach( function ( post ) {
				var size = measured( channel, post, form );
				if ( size.excess && !channel.threads ) {
					found.push( say( 'problem-long', channel.account, networkName( channel.network ), size.excess ) );
				}
			} );
		} );
		if ( form.link && !/^https?:\/\/[^\s<>"{}|\\^`[\]@/]+\.[^\s<>"{}|\\^`[\]]+$/.test( form.link ) ) {
			found.push( say( 'problem-link', form.link ) );
		}
		if ( missing ) {
			found.push( say( 'problem-image', missing ) );
		}
		if ( form.image && !form.alt ) {
			found.push( say( 'problem-alt' ) );
		} else if ( form.alt && !form.image ) {
			found.push( say( 'problem-no-image' ) );
		}
		if ( form[ 'not before' ] && form[ 'not after' ] && form[ 'not after' ] <= form[ 'not before' ] ) {
			found.push( say( 'problem-times' ) );
		}
		return found;
	}

	// --- pictures ---------------------------------------------------------------------------------------------------

	/** A picture by its name, here or in a repository this wiki uses: {name, thumb}; null where there is none. */
	function imageInfo( name ) {
		var title = name && mw.Title.newFromText( name.replace( /^:?(file|image)\s*:/i, '' ), 6 );
		return title ? ask( 'get', {
			action: 'query', titles: title.getPrefixedText(), prop: 'imageinfo', iiprop: 'url', iiurlwidth: 480
		} ).then( function ( answer ) {
			return pictures( answer )[ 0 ] || null;
		} ) : Promise.resolve( null );
	}

	function pictures( answer ) {
		return ( answer.query && answer.query.pages || [] ).filter( function ( page ) {
			return page.imageinfo;
		} ).map( function ( page ) {
			return { name: page.title.replace( /^[^:]*:/, '' ), thumb: page.imageinfo[ 0 ].thumburl || page.imageinfo[ 0 ].url };
		} );
	}

	/** Pictures with these words in their name or description, on this wiki and where it takes pictures from. */
	function searchPictures( query ) {
		var found = { action: 'query', formatversion: 2, prop: 'imageinfo', iiprop: 'url', iiurlwidth: 160 };
		var byWords = { generator: 'search', gsrsearch: query, gsrnamespace: 6, gsrlimit: 12 };
		var byName = { generator: 'prefixsearch', gpssearch: query, gpsnamespace: 6, gpslimit: 12 };
		return foreignApis().then( function ( apis ) {
			return Promise.all( [ api.get( $.extend( byName, found ) ), api.get( $.extend( {}, byWords, found ) ) ].concat(
				apis.map( function ( there ) {
					return there.get( $.extend( {}, byWords, found ) ).catch( function () {
						return {}; // what is far away may be out of reach
					} );
				} )
			) );
		} ).then( function ( answers ) {
			var seen = {};
			return [].concat.apply( [], answers.map( pictures ) ).filter( function ( picture ) {
				var isNew = !seen[ picture.name ];
				seen[ picture.name ] = true;
				return isNew;
			} );
		} );
	}

	var foreign;

	/** The APIs of the repositories this wiki takes pictures from, such as Commons. */
	function foreignApis() {
		foreign = foreign || ask( 'get', { action: 'query', meta: 'filerepoinfo' } ).then( function ( answer ) {
			var urls = answer.query.repos.filter( function ( repo ) {
				return !repo.local;
			} ).map( function ( repo ) {
				return repo.apiurl || ( repo.scriptDirUrl && repo.scriptDirUrl + '/api.php' );
			} ).filter( Boolean );
			return urls.length ? mw.loader.using( 'mediawiki.ForeignApi' ).then( function () {
				return urls.map( function ( url ) {
					return new mw.ForeignApi( url, { anonymous: true } );
				} );
			} ) : [];
		} );
		return foreign;
	}

	/** A button that opens a search for pictures; the chosen one goes into `target`, and the cursor to `next`. */
	function imagePicker( target, next ) {
		var query = new OO.ui.SearchInputWidget(), said = live(), results = element( 'div', 'smbot-pictures' );
		var panel = element( 'div', 'smbot-picker', '', [ field( query, say( 'image-search' ) ), said, results ] );
		panel.hidden = true;
		query.on( 'change', OO.ui.debounce( search, 300 ) );

		function search() {
			var text = strip( query.getValue() );
			results.textContent = '';
			return text && searchPictures( text ).then( function ( found ) {
				if ( strip( query.getValue() ) === text ) {
					results.textContent = '';
					found.map( result ).forEach( results.appendChild.bind( results ) );
					tell( said, 'busy', say( 'image-found', found.length ) );
				}
			}, function ( error ) {
				tell( said, 'bad', error.message );
			} );
		}

		function result( picture ) {
			var image = element( 'img' );
			image.src = picture.thumb;
			image.alt = '';
			var made = element( 'button', 'smbot-picture', '', [ image, element( 'span', '', picture.name ) ] );
			made.type = 'button';
			made.addEventListener( 'click', function () {
				target.setValue( picture.name );
				panel.hidden = true;
				next.focus();
			} );
			return made;
		}

		return element( 'div', '', '', [ button( say( 'image-choose' ), function () {
			panel.hidden = !panel.hidden;
			if ( !panel.hidden ) {
				query.focus();
			}
		} ), panel ] );
	}

	// --- the queue --------------------------------------------------------------------------------------------------

	/**
	 * @typedef {Object} Card A card on the queue, or a row of the log
	 * @property {Object} kind CARD or ROW
	 * @property {string} id
	 * @property {string} status
	 * @property {string} title Its first words
	 * @property {HTMLElement} node What the template drew
	 * @property {HTMLElement} tools Its buttons; `panel` is what a button opened, `said` what came of it
	 */

	/** Which buttons a card has, by its status; the first of each is what is most often done. */
	var ACTIONS = {
		waiting: [ approve, decline, edit, schedule ],
		approved: [ takeBack, decline, edit, schedule ],
		declined: [ takeBack ],
		posted: [ retract, edit ],
		correct: [ retract, edit ],
		'in doubt': [ resolve ],
		refused: [ resolve ],
		sending: [],
		retract: [],
		again: [],
		'give up': []
	};
	var SYNONYMS = {
		'': 'waiting', approve: 'approved', decline: 'declined', rejected: 'declined', dropped: 'give up', 'delete': 'retract',
		retracted: 'retract'
	};
	var chosen = {}; // the cards that are ticked, by id
	var saving = null; // the edit that is under way: one at a time, so that no press counts twice

	/** Give every card of an account that the reader maintains its buttons; some at a time. */
	function drawQueue( all ) {
		var mine = maintained( all ), bar = drawBar();
		var nodes = [].filter.call( document.querySelectorAll( '.smbot-card' ), function ( node ) {
			return list( ( node.dataset.smbotAccounts || '' ).replace( /_/g, ' ' ).toLowerCase() ).some( function ( name ) {
				return mine.indexOf( name ) >= 0;
			} );
		} );
		function some() {
			nodes.splice( 0, AT_ONCE ).forEach( function ( node ) {
				var status = ( node.dataset.smbotStatus || '' ).replace( /_/g, ' ' ).toLowerCase();
				var card = cardOf( CARD, node, node.id, SYNONYMS[ status ] || status );
				card.bar = bar;
				drawTools( card );
			} );
			if ( nodes.length ) {
				mw.requestIdleCallback( some );
			}
		}
		some();
	}

	function cardOf( kind, node, id, status ) {
		var card = { kind: kind, node: node, id: id, status: status, title: headingAbove( node ) };
		card.tools = element( 'div', 'smbot-tools' );
		card.tools.setAttribute( 'role', 'group' );
		card.tools.setAttribute( 'aria-label', card.title );
		card.panel = element( 'div', 'smbot-panel' );
		card.said = live();
		var inside = kind === CARD && node.lastElementChild || node;
		node.classList.add( 'smbot-with-tools' );
		[ card.tools, card.panel, card.said ].forEach( inside.appendChild.bind( inside ) );
		return card;
	}

	function headingAbove( node ) {
		while ( node && !/^H[1-6]$/.test( node.tagName ) && !node.classList.contains( 'mw-heading' ) ) {
			node = node.previousElementSibling;
		}
		var heading = node && ( node.querySelector( '.mw-headline, h2, h3, h4' ) || node );
		return heading ? heading.textContent.trim() : '';
	}

	function drawTools( card ) {
		card.tools.textContent = '';
		if ( card.status === 'waiting' ) {
			card.tools.appendChild( chooser( card ).$element[ 0 ] );
		}
		( ACTIONS[ card.status ] || ACTIONS.waiting ).forEach( function ( action, i ) {
			card.tools.appendChild( action( card, i ? [] : [ 'progressive', 'primary' ] ).$element[ 0 ] );
		} );
	}

	function chooser( card ) {
		var box = new OO.ui.CheckboxInputWidget();
		card.untick = function () {
			box.setSelected( false );
		};
		box.on( 'change', function ( isChosen ) {
			if ( isChosen ) {
				chosen[ card.id ] = card;
			} else {
				delete chosen[ card.id ];
			}
			card.bar();
		} );
		return new OO.ui.FieldLayout( box, { label: say( 'choose' ), align: 'inline' } );
	}

	/** What to do with all the cards that are ticked: shown as long as there are any. Returns what draws it anew. */
	function drawBar() {
		var count = element( 'span' ), reason = new OO.ui.TextInputWidget( { placeholder: say( 'reason' ) } );
		var node = element( 'div', 'smbot-several', '', [
			count, button( say( 'approve' ), decideAll( 'approved' ), [ 'progressive', 'primary' ] ), reason,
			button( say( 'decline' ), decideAll( 'declined' ) ), button( say( 'choose-none' ), untickAll )
		] );
		node.setAttribute( 'role', 'region' );
		node.setAttribute( 'aria-label', say( 'several' ) );
		count.setAttribute( 'role', 'status' );
		reason.$input.attr( 'aria-label', say( 'reason' ) );
		document.body.appendChild( node );
		node.hidden = true;

		function cards() {
			return Object.keys( chosen ).map( function ( id ) {
				return chosen[ id ];
			} );
		}

		function untickAll() {
			cards().forEach( function ( card ) {
				card.untick();
			} );
		}

		function decideAll( status ) {
			return function () {
				var wanted = {}, why = reason.getValue();
				cards().forEach( function ( card ) {
					wanted[ card.id ] = status === 'declined' ? { status: status, reason: why } : { status: status };
				} );
				carryOut( cards(), wanted, status ).then( function () {
					reason.setValue( '' );
					untickAll();
				} );
			};
		}

		return function () {
			node.hidden = !cards().length;
			count.textContent = say( 'chosen', cards().length );
		};
	}

	// --- what can be done with a card -------------------------------------------------------------------------------

	/** A button that sets a card to a status at once. */
	function decision( card, flags, label, wanted ) {
		return button( label, function () {
			closePanel( card );
			carryOut( [ card ], only( card.id, wanted ), wanted.status );
		}, flags );
	}

	function only( key, value ) {
		var made = {};
		made[ key ] = value;
		return made;
	}

	function approve( card, flags ) {
		return decision( card, flags, say( 'approve' ), { status: 'approved' } );
	}

	function takeBack( card, flags ) {
		return decision( card, flags.slice( 0, 1 ), say( 'take-back' ), { status: 'waiting', reason: '' } );
	}

	function decline( card ) {
		return opener( card, say( 'decline-dots' ), function ( panel ) {
			var reason = new OO.ui.TextInputWidget();
			panel.add( field( reason, say( 'reason' ), say( 'reason-help' ) ) );
			panel.action( say( 'decline' ), function () {
				return { status: 'declined', reason: strip( reason.getValue() ) };
			}, [ 'progressive', 'primary' ] );
			return reason;
		} );
	}

	function schedule( card ) {
		return opener( card, say( 'schedule' ), function ( panel ) {
			var begin = timeInput( panel.words( 'not before' ) ), end = timeInput( panel.words( 'not after' ) );
			panel.add( timeField( begin, say( 'not-before' ) ), timeField( end, say( 'not-after' ) ) );
			function wanted( status ) {
				return function () {
					var times = { 'not before': timeIn( begin ), 'not after': timeIn( end ) };
					if ( times[ 'not before' ] && times[ 'not after' ] && times[ 'not after' ] <= times[ 'not before' ] ) {
						tellProblems( card.said, [ say( 'problem-times' ) ] );
						return null;
					}
					return $.extend( status ? { status: status } : {}, panel.differing( times ) );
				};
			}
			panel.action( say( 'save-and-approve' ), wanted( 'approved' ), [ 'progressive', 'primary' ] );
			panel.action( say( 'save' ), wanted( '' ) );
			return begin;
		} );
	}

	function edit( card ) {
		var isOut = card.status === 'posted' || card.status === 'correct';
		return opener( card, isOut ? say( 'correct' ) : say( 'edit' ), function ( panel ) {
			return accounts().then( function ( all ) {
				var form = postForm( panel.given(), all, limitsOn( card.node ) );
				panel.add( form.node );
				function wanted( status ) {
					return function () {
						return form.problems().then( function ( found ) {
							if ( found.length ) {
								tellProblems( card.said, found );
								return null;
							}
							var values = panel.differing( form.values() );
							// an approval is of the picture that smbot has drawn on the card
							return $.extend( status && !( status === 'approved' && values.image ) ? { status: status } : {}, values );
						} );
					};
				}
				if ( isOut ) {
					panel.action( say( 'save-and-correct' ), wanted( 'correct' ), [ 'progressive', 'primary' ] );
				} else {
					panel.action( say( 'save-and-approve' ), wanted( 'approved' ), [ 'progressive', 'primary' ] );
					panel.action( say( 'save' ), wanted( '' ) );
				}
				return form;
			} );
		} );
	}

	function retract( card ) {
		return opener( card, say( 'retract-dots' ), function ( panel ) {
			panel.add( element( 'p', '', say( 'retract-help' ) ) );
			return panel.action( say( 'retract' ), function () {
				return { status: 'retract' };
			}, [ 'destructive', 'primary' ] );
		} );
	}

	function resolve( card, flags ) {
		return opener( card, say( 'resolve' ), function ( panel ) {
			var ways = [ { data: 'again', label: say( 'resolve-again' ) }, { data: 'give up', label: say( 'resolve-give-up' ) } ];
			if ( card.status === 'in doubt' ) {
				ways.unshift( { data: 'posted', label: say( 'resolve-posted' ) } );
			}
			var way = new OO.ui.RadioSelectInputWidget( { options: ways } );
			var address = new OO.ui.TextInputWidget( { type: 'url', placeholder: 'https://' } );
			var where = field( address, say( 'posted-link' ) );
			way.on( 'change', function ( value ) {
				where.toggle( value === 'posted' );
			} );
			where.toggle( card.status === 'in doubt' );
			panel.add( field( way, say( 'resolve-help' ) ), where );
			panel.action( say( 'save' ), function () {
				var isOut = way.getValue() === 'posted' && strip( address.getValue() );
				return $.extend( { status: way.getValue() }, isOut ? { 'posted link': isOut } : {} );
			}, [ 'progressive', 'primary' ] );
			return way;
		}, flags );
	}

	function done( card, flags ) {
		return opener( card, say( 'done-dots' ), function ( panel ) {
			var address = new OO.ui.TextInputWidget( { type: 'url', placeholder: 'https://' } );
			panel.add( field( address, say( 'posted-link' ) ) );
			panel.action( say( 'done' ), function () {
				return { done: 'yes', link: strip( address.getValue() ) };
			}, [ 'progressive', 'primary' ] );
			return address;
		}, flags );
	}

	/** What fits into each channel, as the posts on a card say it. */
	function limitsOn( node ) {
		var found = {};
		[].forEach.call( node.querySelectorAll( '.smbot-post' ), function ( post ) {
			var of = ( post.dataset.smbot || '' ).split( '/' ); // account, network, and how long a post may be
			found[ of[ 0 ] + '/' + of[ 1 ] ] = Number( of[ 2 ] );
		} );
		return found;
	}

	/** A button that opens a panel below the card; `fill` puts fields and buttons there and returns what gets the cursor. */
	function opener( card, label, fill, flags ) {
		var opening = button( label, function () {
			tell( card.said, 'busy', say( 'loading' ) );
			onScreen( card.kind ).then( function ( cards ) {
				var there = cards[ card.id ] && byKey( cards[ card.id ], card.kind )[ card.id ];
				if ( !there ) {
					tell( card.said, 'bad', say( 'missing' ) );
					return;
				}
				closePanel( card );
				return Promise.resolve( fill( panelOf( card, there, opening ) ) ).then( function ( first ) {
					card.said.textContent = '';
					first.focus();
				} );
			} ).catch( function ( error ) {
				tell( card.said, 'bad', error.message );
			} );
		}, flags );
		return opening;
	}

	function closePanel( card ) {
		card.panel.textContent = '';
		card.said.textContent = '';
	}

	/** What `opener` lets its `fill` do with the panel of a card, whose template is `there`. */
	function panelOf( card, there, opening ) {
		var buttons = element( 'div', 'smbot-tools' );
		function close() {
			closePanel( card );
			opening.focus();
		}
		card.panel.onkeydown = function ( event ) {
			if ( event.key === 'Escape' ) {
				close();
			}
		};
		card.panel.appendChild( buttons );
		buttons.appendChild( button( say( 'cancel' ), close ).$element[ 0 ] );
		return {
			add: function () {
				[].forEach.call( arguments, function ( child ) {
					card.panel.insertBefore( child.$element ? child.$element[ 0 ] : child, buttons );
				} );
			},
			/** A button that saves what `wanted()` gives, or promises; null saves nothing. */
			action: function ( label, wanted, flags ) {
				var made = button( label, function () {
					Promise.resolve( wanted() ).then( function ( values ) {
						if ( values && !Object.keys( values ).length ) {
							tell( card.said, 'good', say( 'nothing-changed' ) );
						} else if ( values ) {
							carryOut( [ card ], only( card.id, values ), values.status || values.done && 'done' || values.image && 'image' || '' );
						}
					} ).catch( function ( error ) {
						tell( card.said, 'bad', error.message );
					} );
				}, flags );
				buttons.insertBefore( made.$element[ 0 ], buttons.lastChild );
				return made;
			},
			words: words.bind( null, there ),
			given: function () {
				var found = {};
				there.parts.forEach( function ( p ) {
					found[ p.name ] = words( there, p.name );
				} );
				return found;
			},
			differing: function ( values ) {
				var found = {};
				Object.keys( values ).forEach( function ( name ) {
					if ( values[ name ] !== words( there, name ) ) {
						found[ name ] = values[ name ];
					}
				} );
				return found;
			}
		};
	}

	/** Save what was decided about some cards in one edit, and say on each what came of it. */
	function carryOut( cards, wanted, outcome ) {
		if ( saving ) {
			return saving;
		}
		cards.forEach( function ( card ) {
			tell( card.said, 'busy', say( 'saving' ) );
		} );
		var summary = inWikisLanguage( function () {
			return OUTCOMES[ outcome ]( cards.length > 1 ? say( 'cards', cards.length ) : cards[ 0 ].title || cards[ 0 ].id ).summary;
		} );
		saving = change( cards[ 0 ].kind, wanted, summary ).then( function ( result ) {
			cards.forEach( function ( card ) {
				if ( result.saved.indexOf( card.id ) >= 0 ) {
					tellSaved( card, outcome );
				} else if ( card.id in result.changed ) {
					tellChanged( card, result.changed[ card.id ] );
				} else {
					tell( card.said, 'bad', say( 'missing' ) );
				}
			} );
		}, function ( error ) {
			cards.forEach( function ( card ) {
				tell( card.said, 'bad', say( 'not-saved', error.message ) );
			} );
		} ).then( function () {
			saving = null;
		} );
		return saving;
	}

	/** What is said of each outcome: as the `state` of the card, to the person who `saved` it, and in the `summary`. */
	var OUTCOMES = {
		approved: function ( what ) {
			return { state: say( 'state-approved' ), saved: say( 'saved-approved' ), summary: say( 'summary-approved', what ) };
		},
		declined: function ( what ) {
			return { state: say( 'state-declined' ), saved: say( 'saved-declined' ), summary: say( 'summary-declined', what ) };
		},
		waiting: function ( what ) {
			return { state: say( 'state-waiting' ), saved: say( 'saved-waiting' ), summary: say( 'summary-waiting', what ) };
		},
		retract: function ( what ) {
			return { state: say( 'state-retract' ), saved: say( 'saved-retract' ), summary: say( 'summary-retract', what ) };
		},
		correct: function ( what ) {
			return { state: say( 'state-correct' ), saved: say( 'saved-correct' ), summary: say( 'summary-correct', what ) };
		},
		posted: function ( what ) {
			return { state: say( 'state-posted' ), saved: say( 'saved' ), summary: say( 'summary-posted', what ) };
		},
		again: function ( what ) {
			return { state: say( 'state-again' ), saved: say( 'saved' ), summary: say( 'summary-again', what ) };
		},
		'give up': function ( what ) {
			return { state: say( 'state-given-up' ), saved: say( 'saved' ), summary: say( 'summary-given-up', what ) };
		},
		done: function ( what ) {
			return { state: say( 'state-posted' ), saved: say( 'saved' ), summary: say( 'summary-done', what ) };
		},
		image: function ( what ) {
			return { state: '', saved: say( 'saved-image' ), summary: say( 'summary-changed', what ) };
		},
		'': function ( what ) {
			return { state: '', saved: say( 'saved-changed' ), summary: say( 'summary-changed', what ) };
		}
	};

	function tellSaved( card, outcome ) {
		var words = OUTCOMES[ outcome ](), state = card.node.querySelector( '.smbot-state' );
		closePanel( card );
		if ( state && words.state ) {
			card.status = outcome;
			card.node.dataset.smbotNow = outcome;
			state.textContent = words.state;
		}
		if ( card.kind === CARD ) {
			drawTools( card );
		} else {
			card.tools.textContent = '';
		}
		tell( card.said, 'good', words.saved );
	}

	/** Somebody changed the card since the page was loaded: nothing is saved, and the person is shown what changed. */
	function tellChanged( card, what ) {
		function told( who ) {
			return what ? say( 'changed', who, what ) : say( 'redrawn', who );
		}

		var reload = link( '#' + card.id, say( 'reload' ) );
		reload.addEventListener( 'click', function () {
			setTimeout( location.reload.bind( location ) );
		} );
		return whoChanged( card.kind, card.id ).then( function ( revision ) {
			tell( card.said, 'bad', told( revision.user || say( 'somebody' ) ), revision.revid ? [
				link( mw.util.getUrl( 'Special:Diff/' + revision.revid ), say( 'changed-what' ) ), reload
			] : [ reload ] );
		}, function () {
			tell( card.said, 'bad', told( say( 'somebody' ) ), [ reload ] );
		} );
	}

	// --- the log ----------------------------------------------------------------------------------------------------

	/** A button on each row that waits for a person, for those who maintain an account; a choice of rows for all. */
	function drawLog( all ) {
		var mine = maintained( all );
		drawFilter( [].slice.call( document.querySelectorAll( '.smbot-row' ) ) );
		[].forEach.call( document.querySelectorAll( '.smbot-row[data-smbot-state="handed_off"]' ), function ( node ) {
			if ( mine.indexOf( node.id.split( '/' )[ 1 ] ) >= 0 ) {
				var row = cardOf( ROW, node, node.id, 'handed off' );
				row.title = row.title || node.id;
				row.tools.appendChild( done( row, [ 'progressive', 'primary' ] ).$element[ 0 ] );
			}
		} );
	}

	/** Let the reader choose of which account and network the rows are shown, as far as there are several. */
	function drawFilter( rows ) {
		var said = live(), chosen = {}, filters = [];
		function show() {
			var shown = rows.filter( function ( row ) {
				var names = row.id.split( '/' );
				row.hidden = !!( chosen[ 1 ] && chosen[ 1 ] !== names[ 1 ] || chosen[ 2 ] && chosen[ 2 ] !== names[ 2 ] );
				return !row.hidden;
			} );
			said.textContent = say( 'filter-shown', shown.length, rows.length );
		}
		function filter( place, label, nameOf ) {
			var there = rows.map( function ( row ) {
				return row.id.split( '/' )[ place ] || '';
			} ).filter( function ( name, at, all ) {
				return name && all.indexOf( name ) === at;
			} ).sort();
			var choice = new OO.ui.DropdownInputWidget( {
				options: [ { data: '', label: say( 'filter-all' ) } ].concat( there.map( function ( name ) {
					return { data: name, label: nameOf( name ) };
				} ) )
			} );
			choice.on( 'change', function ( value ) {
				chosen[ place ] = value;
				show();
			} );
			if ( there.length > 1 ) {
				filters.push( field( choice, label ) );
			}
		}
		filter( 1, say( 'filter-account' ), String );
		filter( 2, say( 'filter-network' ), networkName );
		if ( filters.length ) {
			rows[ 0 ].parentNode.insertBefore( element( 'div', 'smbot-filter', '', filters.concat( said ) ), rows[ 0 ] );
		}
	}

	// --- asking for a post ------------------------------------------------------------------------------------------

	/** The arguments of a request, in the order in which the preload has them. */
	var REQUEST = [
		'text', 'accounts', 'reposted by', 'link', 'image', 'alt', 'warning', 'not before', 'not after', 'language', 'notes'
	];

	/** Let the button that asks for a post open a form on the page; where there is none, it stays what it is. */
	function drawAsking( all ) {
		var asking = document.querySelector( '.smbot-ask a' ), panel = element( 'div', 'smbot-panel smbot-asking' );
		tellAsked();
		if ( !asking || !Object.keys( all ).length ) {
			return;
		}
		var around = asking.closest( 'p, div' ) || asking;
		around.parentNode.insertBefore( panel, around.nextSibling );
		asking.addEventListener( 'click', function ( event ) {
			if ( !event.ctrlKey && !event.metaKey && !event.shiftKey ) {
				event.preventDefault();
				openRequest( panel, all, say( 'cancel' ), function () {
					panel.textContent = '';
					asking.focus();
				} );
			}
		} );
	}

	/** Where the button has led to the editor already, with this script in its address: the form in place of it. */
	function drawInEditor( all ) {
		var content = document.getElementById( 'mw-content-text' ), panel = element( 'div', 'smbot-panel smbot-asking' );
		if ( Object.keys( all ).length ) {
			content.classList.add( 'smbot-instead' );
			content.parentNode.insertBefore( panel, content );
			openRequest( panel, all, say( 'as-wikitext' ), function () {
				content.classList.remove( 'smbot-instead' );
				panel.textContent = '';
			} );
		}
	}

	/** @param {Function} onLeave What the button labelled `leave` does */
	function openRequest( panel, all, leave, onLeave ) {
		var form = postForm( { language: mw.config.get( 'wgContentLanguage' ) }, all, {} ), said = live();
		var send = button( say( 'ask' ), function () {
			send.setDisabled( true );
			tell( said, 'busy', say( 'saving' ) );
			form.problems().then( function ( found ) {
				if ( found.length ) {
					send.setDisabled( false );
					return tellProblems( said, found );
				}
				return saveRequest( form.values() ).then( function () {
					mw.storage.session.set( STORED, thisPage );
					location.assign( mw.util.getUrl( thisPage, { withgadget: 'smbot' } ) );
				} );
			} ).catch( function ( error ) {
				send.setDisabled( false );
				tell( said, 'bad', say( 'not-saved', error.message ) );
			} );
		}, [ 'progressive', 'primary' ] );
		panel.textContent = '';
		[
			element( 'h2', '', say( 'ask-heading' ) ), form.node, said,
			element( 'div', 'smbot-tools', '', [ send, button( leave, onLeave ) ] )
		].forEach( panel.appendChild.bind( panel ) );
		form.focus();
	}

	/** One edit: a new section with the request, headed by its first words. */
	function saveRequest( values ) {
		var names = REQUEST.concat( Object.keys( values ).filter( function ( name ) {
			return OWN.test( name ) && values[ name ];
		} ) );
		return save( {
			title: thisPage, section: 'new', sectiontitle: encode( shorten( values.text ) ) || say( 'ask-heading' ),
			text: '{{' + TEMPLATES + 'request\n' + names.map( function ( name ) {
				return '| ' + name + ' = ' + encode( values[ name ] || '' ) + '\n';
			} ).join( '' ) + '}}'
		} );
	}

	/** The first words of a text, on one line, as `shorten` in smbot/forms.py. */
	function shorten( text ) {
		var line = Array.from( text.replace( /\s+/g, ' ' ) );
		return line.length <= 60 ? line.join( '' ) : line.slice( 0, 61 ).join( '' ).replace( / [^ ]*$/, '' ).slice( 0, 60 ) + '…';
	}

	/** After a request was saved: show where it is, at the end of the page. */
	function tellAsked() {
		var headings = document.querySelectorAll( '#mw-content-text h2' ), said = live();
		if ( mw.storage.session.get( STORED ) === thisPage && headings.length ) {
			mw.storage.session.remove( STORED );
			var last = headings[ headings.length - 1 ].closest( '.mw-heading' ) || headings[ headings.length - 1 ];
			last.parentNode.insertBefore( said, last.nextSibling );
			tell( said, 'good', say( 'asked' ) );
			last.scrollIntoView();
		}
	}

	// --- where it begins --------------------------------------------------------------------------------------------

	/** Whether this page is one of the desk, or one below it where there is something `after` its name. */
	function isPage( name, after ) {
		var title = PAGES[ name ] && mw.Title.newFromText( PAGES[ name ] );
		var there = title && title.getPrefixedDb() + ( after || '' );
		return !!title && ( after ? thisPage.indexOf( there ) === 0 : thisPage === there );
	}

	/** What this page of the desk gets; undefined on all others, and on what is not the page as it is now. */
	function drawing() {
		var isNow = mw.config.get( 'wgAction' ) === 'view' && mw.config.get( 'wgRevisionId' ) &&
			mw.config.get( 'wgRevisionId' ) === mw.config.get( 'wgCurRevisionId' ) && !mw.config.get( 'wgDiffNewId' );
		if ( isNow && isPage( 'Queue' ) ) {
			return drawQueue;
		}
		if ( isPage( 'Requests' ) && /request\/preload$/.test( mw.util.getParamValue( 'preload' ) ) ) {
			return drawInEditor;
		}
		if ( isNow && isPage( 'Requests' ) ) {
			return drawAsking;
		}
		return isNow && isPage( 'Log', '/' ) ? drawLog : undefined;
	}

	mw.loader.using( [ 'mediawiki.Title', 'mediawiki.util' ] ).then( function () {
		var draw = drawing();
		return draw && $.when( mw.loader.using( NEEDED ), $.ready ).then( function () {
			mw.util.addCSS( STYLES );
			api = new mw.Api();
			spoken = mw.config.get( 'wgUserLanguage' );
			return accounts().then( draw );
		} );
	} ).catch( function ( error ) {
		mw.log.warn( 'smbot: ' + error );
	} );

	/* For scripts that build on this one, and for its tests. */
	mw.hook( 'smbot' ).fire( {
		encode: encode, decode: decode, templates: templates, put: put, write: write, networks: NETWORKS
	} );
}() );
