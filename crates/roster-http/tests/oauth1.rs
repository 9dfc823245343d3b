//! Signatures hold before a library of others: Python's oauthlib.

use http::Method;
use libtest_mimic::{Arguments, Failed, Trial};
use roster_core::{RunContext, Secret};
use roster_http::{Authorize as _, OAuth1, SignatureMethod, SystemClock, Target};
use std::{
    process::{Command, ExitCode},
    sync::Arc,
};
use url::Url;

/// Verifies a request that was signed: method of the signature, address, header.
const VERIFY: &str = "
import sys
from oauthlib.common import Request
from oauthlib.oauth1.rfc5849 import signature
method, url, header = sys.argv[1:]
request = Request(url, 'GET', None, {'Authorization': header})
request.params = signature.collect_parameters(request.uri_query, [], request.headers)
parts = dict(signature.collect_parameters(headers=request.headers, exclude_oauth_signature=False))
request.signature = parts['oauth_signature']
verify = {'HMAC-SHA1': signature.verify_hmac_sha1, 'HMAC-SHA256': signature.verify_hmac_sha256}[method]
sys.exit(0 if verify(request, 'a secret & more', '') else 1)
";

/// The Python that tests are given, else the system's.
fn python() -> String {
    std::env::var("HOMEROOM_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn is_missing() -> bool {
    let tried = Command::new(python()).args(["-c", "import oauthlib"]).output();
    !tried.is_ok_and(|it| it.status.success())
}

fn holds(name: &str, method: SignatureMethod, url: &str) -> Result<(), Failed> {
    let secret = Secret::new("a secret & more".to_owned());
    let signer = OAuth1::new("key/1".to_owned(), secret, method, Arc::new(SystemClock));
    let address = Url::parse(url)?;
    let target = Target { method: &Method::GET, url: &address };
    let context = RunContext::detached();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let authorized = runtime.block_on(signer.authorize(&context, target))?;
    let header = authorized.header().to_str()?.to_owned();
    let verified = Command::new(python()).args(["-c", VERIFY, name, url, &header]).output()?;
    if verified.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&verified.stderr).into_owned().into())
}

fn main() -> ExitCode {
    let missing = is_missing();
    let urls = [
        "https://district.example/ims/oneroster/v1p1/users?limit=100&offset=0",
        "https://district.example/ims/oneroster/v1p1/classes?filter=title~%27AP%2FIB%20%28Honors%29%21%2A%27",
        "https://proxy.example/%2FKVed75Gs%3D/ims/oneroster/v1p1/users?fields=sourcedId%2CgivenName",
        "https://district.example:8443/users?b=2&a=%E2%80%99&a=1&empty=",
    ];
    let methods =
        [("HMAC-SHA1", SignatureMethod::HmacSha1), ("HMAC-SHA256", SignatureMethod::HmacSha256)];
    let trial = |(index, url): (usize, &'static str),
                 (name, method): (&'static str, SignatureMethod)| {
        Trial::test(format!("{name} {index} holds before oauthlib"), move || {
            holds(name, method, url)
        })
        .with_ignored_flag(missing)
    };
    let trials = urls.into_iter().enumerate().flat_map(|url| methods.map(|it| trial(url, it)));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
