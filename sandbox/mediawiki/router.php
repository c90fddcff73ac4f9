<?php
// For PHP's built-in server, which by itself takes the dot of /wiki/User:Smbot/smbot.json for a file's and answers 404.
// Short page addresses go to index.php, uploaded files come from the wiki's own folder, everything else is as it is.

$sandboxPath = rawurldecode( parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) ?: '/' );

if ( $sandboxPath === '/' || str_starts_with( $sandboxPath, '/wiki/' ) ) {
	$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
	$_SERVER['SCRIPT_FILENAME'] = $_SERVER['DOCUMENT_ROOT'] . '/index.php';
	require $_SERVER['SCRIPT_FILENAME'];
	return true;
}

if ( str_starts_with( $sandboxPath, '/images/' ) ) {
	$sandboxImages = realpath( getenv( 'SANDBOX_WIKI' ) . '/images' );
	$sandboxFile = realpath( dirname( $sandboxImages ) . $sandboxPath );
	if ( !$sandboxFile || !str_starts_with( $sandboxFile, "$sandboxImages/" ) || !is_file( $sandboxFile ) ) {
		http_response_code( 404 );
		return true;
	}
	header( 'Content-Type: ' . mime_content_type( $sandboxFile ) );
	readfile( $sandboxFile );
	return true;
}

return false;
