//! Which algorithms are spoken: those held to be safe today, and older ones where they are named.

use russh::{
    Preferred, cipher, compression, kex,
    keys::{Algorithm, EcdsaCurve, HashAlg},
    mac,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An algorithm that is no longer held to be safe, by its SSH name.  It is spoken only where a setting names it, and
/// only when the other side offers nothing better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum LegacyAlgorithm {
    /// Key exchange with SHA-1 and a group of 1024 bits (RFC 4253 §8.1).
    #[serde(rename = "diffie-hellman-group1-sha1")]
    Group1Sha1,
    /// Key exchange with SHA-1 and a group of 2048 bits (RFC 4253 §8.2).
    #[serde(rename = "diffie-hellman-group14-sha1")]
    Group14Sha1,
    /// Key exchange with SHA-1 and a group that the server chooses (RFC 4419).
    #[serde(rename = "diffie-hellman-group-exchange-sha1")]
    GroupExchangeSha1,
    /// RSA keys that sign with SHA-1 (RFC 4253 §6.6).
    #[serde(rename = "ssh-rsa")]
    SshRsa,
    /// AES in CBC mode, 128 bits (RFC 4253 §6.3).
    #[serde(rename = "aes128-cbc")]
    Aes128Cbc,
    /// AES in CBC mode, 192 bits (RFC 4253 §6.3).
    #[serde(rename = "aes192-cbc")]
    Aes192Cbc,
    /// AES in CBC mode, 256 bits (RFC 4253 §6.3).
    #[serde(rename = "aes256-cbc")]
    Aes256Cbc,
    /// Triple DES in CBC mode (RFC 4253 §6.3).
    #[serde(rename = "3des-cbc")]
    TripleDesCbc,
    /// HMAC with SHA-1 (RFC 4253 §6.4).
    #[serde(rename = "hmac-sha1")]
    HmacSha1,
}

impl LegacyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Group14Sha1,
        Self::GroupExchangeSha1,
        Self::Group1Sha1,
        Self::SshRsa,
        Self::Aes256Cbc,
        Self::Aes192Cbc,
        Self::Aes128Cbc,
        Self::TripleDesCbc,
        Self::HmacSha1,
    ];
}

const KEY_EXCHANGES: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::ECDH_SHA2_NISTP384,
    kex::ECDH_SHA2_NISTP521,
    kex::DH_GEX_SHA256,
    kex::DH_G16_SHA512,
    kex::DH_G18_SHA512,
    kex::DH_G14_SHA256,
];

/// Not key exchanges, but announced among them: extension information (RFC 8308) and strict key exchange (against
/// CVE-2023-48795).
const ANNOUNCED: &[kex::Name] = &[
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_SUPPORT_AS_SERVER,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
];

const KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_128_GCM,
    cipher::AES_256_CTR,
    cipher::AES_192_CTR,
    cipher::AES_128_CTR,
];

const MACS: &[mac::Name] =
    &[mac::HMAC_SHA256_ETM, mac::HMAC_SHA512_ETM, mac::HMAC_SHA256, mac::HMAC_SHA512];

/// What is spoken, the best first: the safe algorithms, and after them those of `legacy`.  Nothing is compressed.
#[must_use]
pub fn preferred(legacy: &[LegacyAlgorithm]) -> Preferred {
    let mut kex = KEY_EXCHANGES.to_vec();
    let mut key = KEYS.to_vec();
    let mut ciphers = CIPHERS.to_vec();
    let mut macs = MACS.to_vec();
    for algorithm in legacy {
        match algorithm {
            LegacyAlgorithm::Group1Sha1 => kex.push(kex::DH_G1_SHA1),
            LegacyAlgorithm::Group14Sha1 => kex.push(kex::DH_G14_SHA1),
            LegacyAlgorithm::GroupExchangeSha1 => kex.push(kex::DH_GEX_SHA1),
            LegacyAlgorithm::SshRsa => key.push(Algorithm::Rsa { hash: None }),
            LegacyAlgorithm::Aes128Cbc => ciphers.push(cipher::AES_128_CBC),
            LegacyAlgorithm::Aes192Cbc => ciphers.push(cipher::AES_192_CBC),
            LegacyAlgorithm::Aes256Cbc => ciphers.push(cipher::AES_256_CBC),
            LegacyAlgorithm::TripleDesCbc => ciphers.push(cipher::TRIPLE_DES_CBC),
            LegacyAlgorithm::HmacSha1 => macs.extend([mac::HMAC_SHA1_ETM, mac::HMAC_SHA1]),
        }
    }
    kex.extend_from_slice(ANNOUNCED);
    Preferred {
        kex: kex.into(),
        key: key.into(),
        host_key_certificates: (&[]).into(),
        cipher: ciphers.into(),
        mac: macs.into(),
        compression: vec![compression::NONE].into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_algorithms_are_spoken_only_where_they_are_named_and_come_last() {
        let modern = preferred(&[]);
        let old = preferred(&LegacyAlgorithm::ALL);
        let is_old =
            |name: &str| name.contains("sha1") || name.contains("cbc") || name == "ssh-rsa";
        let names = |it: &Preferred| -> Vec<Vec<String>> {
            vec![
                it.kex.iter().map(|it| it.as_ref().to_owned()).collect(),
                it.key.iter().map(|it| it.as_str().to_owned()).collect(),
                it.cipher.iter().map(|it| it.as_ref().to_owned()).collect(),
                it.mac.iter().map(|it| it.as_ref().to_owned()).collect(),
            ]
        };
        assert!(names(&modern).concat().iter().all(|it| !is_old(it)));
        for list in names(&old) {
            let first = list.iter().position(|it| is_old(it)).expect("each list has an old one");
            let announced =
                |it: &String| it.starts_with("ext-info") || it.starts_with("kex-strict");
            assert!(list[first..].iter().all(|it| is_old(it) || announced(it)), "{list:?}");
        }
    }

    #[test]
    fn settings_use_the_names_of_the_protocol() {
        let names: Vec<LegacyAlgorithm> =
            serde_json::from_str(r#"["ssh-rsa", "3des-cbc", "hmac-sha1"]"#).unwrap();
        let expected =
            [LegacyAlgorithm::SshRsa, LegacyAlgorithm::TripleDesCbc, LegacyAlgorithm::HmacSha1];
        assert_eq!(names, expected);
    }
}
