<?php
// The settings of every sandbox wiki (https://www.mediawiki.org/wiki/Manual:LocalSettings.php). What differs from
// wiki to wiki comes from the environment, so a wiki is nothing but its data folder: a copy of the folder is a wiki.

if ( !defined( 'MEDIAWIKI' ) ) {
	exit;
}

$sandbox = getenv( 'SANDBOX_WIKI' );
$sandboxPort = getenv( 'SANDBOX_PORT' ) ?: '80';

$wgSitename = 'Sandbox wiki';
$wgMetaNamespace = 'Sandbox';
$wgServer = "http://127.0.0.1:$sandboxPort";
$wgScriptPath = '';
$wgArticlePath = '/wiki/$1';
$wgLogos = [ 'icon' => '/resources/assets/mediawiki.png' ];
$wgFavicon = '/resources/assets/mediawiki.png';
$wgLocaltimezone = 'UTC';
$wgSecretKey = trim( file_get_contents( "$sandbox/secret" ) );
$wgCookiePrefix = "sandbox$sandboxPort"; // browsers do not tell ports apart

// -- Data: SQLite. Nothing here must survive a power cut, so nothing waits for the disk.
$wgDBtype = 'sqlite';
$wgDBname = 'wiki';
$wgSQLiteDataDir = "$sandbox/data";
$sandboxStore = static fn ( string $name ) => [
	'type' => 'sqlite', 'dbname' => $name, 'tablePrefix' => '', 'dbDirectory' => "$sandbox/data",
	'variables' => [ 'synchronous' => 'OFF' ], 'trxMode' => 'IMMEDIATE', 'flags' => 0,
];
$wgDBservers = [ [ 'host' => '', 'user' => '', 'password' => '', 'load' => 1 ] + $sandboxStore( 'wiki' ) ];
$wgObjectCaches[CACHE_DB] = [ 'class' => SqlBagOStuff::class, 'server' => $sandboxStore( 'wikicache' ) ];
$wgJobTypeConf['default'] = [
	'class' => 'JobQueueDB', 'claimTTL' => 3600, 'server' => $sandboxStore( 'wiki_jobqueue' ),
];

// -- Caches: in the server's memory, which its workers share. A maintenance script cannot tell that memory what it has
// changed, such as somebody's groups; so each writes another word into `epoch`, and what was cached before is not found.
$sandboxEpoch = @file_get_contents( "$sandbox/epoch" );
$wgObjectCaches[CACHE_DB]['keyspace'] = 'sandbox';
$wgObjectCaches['sandbox'] = [
	'class' => PHP_SAPI === 'cli' ? HashBagOStuff::class : APCUBagOStuff::class,
	'keyspace' => "sandbox$sandboxEpoch",
];
$wgMainCacheType = 'sandbox';
$wgObjectCaches['sandbox-sessions'] = [ // a restart logs nobody out
	'class' => MultiWriteBagOStuff::class,
	'caches' => [ $wgObjectCaches['sandbox'], $wgObjectCaches[CACHE_DB] ],
	'replication' => 'sync',
	'reportDupes' => false,
];
$wgSessionCacheType = 'sandbox-sessions';
$wgCacheDirectory = "$sandbox/cache";
$wgLocalisationCacheConf['store'] = 'array';
$wgUseFileCache = false;
$wgCachePages = false; // else a browser shows what was there before the second edit of the same second
$wgJobRunRate = 0; // jobs run when `SandboxWiki.run_jobs()` says so: no write comes between a test's requests

// -- Files
$wgEnableUploads = true;
$wgFileExtensions = [ 'png', 'jpg', 'jpeg' ];
$wgUploadDirectory = "$sandbox/images";
$wgUploadPath = '/images';
$wgUseImageMagick = false;

// -- Nothing leaves this machine.
$wgPingback = false;
$wgEnableEmail = false;
$wgUseInstantCommons = false;

// -- People: passwords here are published, so hashing them well would only cost time.
$wgPasswordConfig['pbkdf2']['cost'] = '1';
$wgPasswordPolicy['policies'] = [ 'default' => [ 'MinimalPasswordLength' => 1 ] ];
$wgEnableBotPasswords = true;
$wgAutoConfirmAge = 0;
$wgAutoConfirmCount = 0;
$wgRateLimits = [];
$wgGroupPermissions['sysop']['deleterevision'] = true;
$wgGroupPermissions['sysop']['deletelogentry'] = true;
$wgGroupPermissions['sysop']['suppressrevision'] = true;
$wgGroupPermissions['sysop']['interwiki'] = true;
$wgAllowUserJs = true;
$wgAllowUserCss = true;

// -- Looks and extensions. Debian keeps the bundled extensions in a folder of its own.
wfLoadSkin( 'Vector' );
wfLoadSkin( 'MinervaNeue' ); // ?useskin=minerva, what Wikimedia's wikis give phones
$wgDefaultSkin = 'vector-2022';
if ( version_compare( MW_VERSION, '1.43', '>=' ) ) {
	// as dark as the reader's system
	$wgDefaultUserOptions['vector-theme'] = $wgDefaultUserOptions['minerva-theme'] = 'os';
	$wgVectorNightMode = [ 'logged_out' => true, 'logged_in' => true, 'beta' => true ];
	$wgMinervaNightMode = [ 'base' => true, 'loggedin' => true, 'amc' => true ];
} else {
	$wgHooks['BeforePageDisplay'][] = static function ( OutputPage $page ) {
		$page->addInlineStyle( file_get_contents( __DIR__ . '/dark.css' ) );
	};
}
if ( is_dir( "$IP/extensions-core" ) ) {
	$wgExtensionDirectory = "$IP/extensions-core";
	$wgExtensionAssetsPath = '/extensions-core';
}
// -- What one test asks for: `SandboxWiki.configure(wgReadOnly='...')`, or `sandboxWithout` these extensions. JSON,
// because PHP's opcode cache would not see a second change of a PHP file within one second.
$sandboxAsked = json_decode( @file_get_contents( "$sandbox/settings.json" ) ?: '{}', true );
wfLoadExtensions( array_values( array_diff(
	[ 'Gadgets', 'InputBox', 'Interwiki', 'ParserFunctions', 'Scribunto', 'TemplateData' ],
	$sandboxAsked['sandboxWithout'] ?? []
) ) );
$wgPFEnableStringFunctions = false; // as on Wikimedia's wikis
$wgScribuntoDefaultEngine = 'luastandalone';
if ( is_executable( '/usr/bin/lua5.1' ) ) {
	// Debian takes Scribunto's own Lua out
	$wgScribuntoEngineConf['luastandalone']['luaPath'] = '/usr/bin/lua5.1';
}

// -- Time: what `SandboxWiki.set_clock` wrote down, if anything. Revisions, logs, blocks and what the API calls the time
// go by it; caches and sessions go by the machine's clock, so nobody is logged out when it jumps.
$sandboxClock = @file_get_contents( "$sandbox/clock" );
if ( $sandboxClock ) {
	Wikimedia\Timestamp\ConvertibleTimestamp::setFakeTime( trim( $sandboxClock ) );
}

foreach ( $sandboxAsked as $sandboxName => $sandboxValue ) {
	$GLOBALS[$sandboxName] = $sandboxValue;
}
