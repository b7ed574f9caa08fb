//! The authority as an Apple configuration profile, so that an iPhone or iPad takes it in two taps.
//!
//! Apple, *Configuration Profile Reference*, "Certificate Payload": type `com.apple.security.root`, the certificate as DER. The
//! profile is unsigned; what a person compares is the certificate's fingerprint. On iOS trust must still be switched on by
//! hand, in Settings, General, About, Certificate Trust Settings; the welcome page says so.

use data_encoding::BASE64;
use uuid::Uuid;

/// The profile's bytes for the certificate `der` of the box called `host`. The same certificate always gives the same bytes, so
/// that installing it twice replaces it.
pub(super) fn mobileconfig(der: &[u8], host: &str) -> Vec<u8> {
    let id = |what: &str| {
        let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11-22 configuration profile id v1");
        hasher.update(what.as_bytes()).update(der);
        let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = *hasher.finalize().as_bytes();
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    };
    let (profile, payload): (Uuid, Uuid) = (id("profile"), id("payload"));
    let host = escaped(host);
    let data = BASE64.encode(der);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadCertificateFileName</key>
			<string>{host}.cer</string>
			<key>PayloadContent</key>
			<data>{data}</data>
			<key>PayloadDisplayName</key>
			<string>Chartbox {host}</string>
			<key>PayloadIdentifier</key>
			<string>org.chartbox.ca.{payload}</string>
			<key>PayloadType</key>
			<string>com.apple.security.root</string>
			<key>PayloadUUID</key>
			<string>{payload}</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
		</dict>
	</array>
	<key>PayloadDescription</key>
	<string>Lets this device recognise the box at {host}. It can vouch for no other address.</string>
	<key>PayloadDisplayName</key>
	<string>Chartbox {host}</string>
	<key>PayloadIdentifier</key>
	<string>org.chartbox.{profile}</string>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadUUID</key>
	<string>{profile}</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
</dict>
</plist>
"#
    )
    .into_bytes()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
