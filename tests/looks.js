// What a person would notice on a page, measured. Each answers a list of what is wrong, empty when nothing is.

window.looks = {
	// What sticks out of the nearest frame around it, or of the window, where nothing lets one scroll to it.
	overflowing( box ) {
		const framed = ( element ) => {
			let each = element.parentElement;
			while ( each !== box && getComputedStyle( each ).borderRightStyle === 'none' ) {
				each = each.parentElement;
			}
			return each;
		};
		const scrolls = ( element ) => {
			while ( element !== box && getComputedStyle( element ).overflowX === 'visible' ) {
				element = element.parentElement;
			}
			return element !== box;
		};
		return [ ...box.querySelectorAll( '*' ) ].filter( ( element ) => {
			if ( element.closest( '.mw-editsection' ) || scrolls( element.parentElement ) ) {
				return false;
			}
			const inner = element.getBoundingClientRect(), outer = framed( element ).getBoundingClientRect();
			const left = Math.max( outer.left, 0 );
			const right = Math.min( outer.right, document.documentElement.clientWidth );
			return inner.width > 1 && ( inner.left < left - 1 || inner.right > right + 1 );
		} ).map( ( element ) => element.outerHTML.slice( 0, 200 ) );
	},

	// Words in a box that cannot be seen: without size, of the colour below them, out of the box, or under something.
	// What is said about doing things by hand, and about the buttons to those who have them, is not always to be seen.
	hidden( box ) {
		const found = [], range = document.createRange();
		const walker = document.createTreeWalker( box, NodeFilter.SHOW_TEXT );
		for ( let node = walker.nextNode(); node; node = walker.nextNode() ) {
			for ( const word of node.data.matchAll( /[\p{L}\p{N}\p{P}\p{S}]+/gu ) ) {
				range.setStart( node, word.index );
				range.setEnd( node, word.index + word[ 0 ].length );
				const may = node.parentElement.closest( '.smbot-by-hand, .smbot-offer' );
				if ( !may && !this.visible( range, node.parentElement ) ) {
					found.push( word[ 0 ] );
				}
			}
		}
		return found;
	},

	visible( range, element ) {
		const style = getComputedStyle( element );
		const shown = element.checkVisibility( { opacityProperty: true, visibilityProperty: true } );
		if ( !shown || parseFloat( style.fontSize ) < 8 || style.color === this.ground( element ) ) {
			return false;
		}
		let first = range.getBoundingClientRect();
		if ( first.top < 80 || first.bottom > innerHeight - 80 ) {
			scrollBy( 0, first.top - innerHeight / 2 );
		}
		first = [ ...range.getClientRects() ].find( ( each ) => each.width && each.height );
		if ( !first ) {
			return false;
		}
		const x = first.left + Math.min( first.width / 2, 40 ), y = first.top + first.height / 2;
		return document.elementFromPoint( x, y ) === element;
	},

	ground( element ) {
		const colour = getComputedStyle( element ).backgroundColor;
		return colour !== 'rgba(0, 0, 0, 0)' || !element.parentElement ? colour : this.ground( element.parentElement );
	},

	// Latin words whose letters run from right to left.
	reversed( box ) {
		const found = [], range = document.createRange();
		const walker = document.createTreeWalker( box, NodeFilter.SHOW_TEXT );
		for ( let node = walker.nextNode(); node; node = walker.nextNode() ) {
			for ( const word of node.data.matchAll( /[A-Za-z]{3,}/g ) ) {
				const [ first, last ] = [ 0, word[ 0 ].length - 1 ].map( ( at ) => {
					range.setStart( node, word.index + at );
					range.setEnd( node, word.index + at + 1 );
					return range.getBoundingClientRect();
				} );
				if ( Math.abs( first.top - last.top ) < 2 && first.left > last.left ) {
					found.push( word[ 0 ] );
				}
			}
		}
		return found;
	}
};
