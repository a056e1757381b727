//! The library's CMS, safe to call: what its own crate lacks. All that is unsafe in this room is here.

#![allow(unsafe_code, reason = "the openssl crate has no interface for signers, recipients and streams of CMS")]

mod ffi;

use crate::error::SmimeError;
use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::asn1::{Asn1GeneralizedTimeRef, Asn1Object, Asn1ObjectRef, Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKeyRef, Private};
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::{X509, X509Crl, X509Ref};
use openssl_sys as sys;
use std::ffi::{c_int, c_long, c_void};
use std::io::Write;
use std::marker::PhantomData;
use std::ptr::{NonNull, null_mut};

/// Octets that go through a filter together.
const TOGETHER: usize = 64 * 1024;

/// SMIMECapabilities (RFC 8551 §2.5.2): AES in CBC mode with 256, 192 and 128 bits. The signer's other programs may not know GCM.
const CAPABILITIES: &[u8] = &[
    0x30, 39, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 1, 42, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 1,
    22, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 1, 2,
];

/// A structure without its content, which stands elsewhere.
pub(crate) struct Cms(NonNull<sys::CMS_ContentInfo>);

impl Drop for Cms {
    fn drop(&mut self) {
        // SAFETY: it is ours alone.
        unsafe { sys::CMS_ContentInfo_free(self.0.as_ptr()) }
    }
}

fn made(cms: *mut sys::CMS_ContentInfo) -> Result<Cms, ErrorStack> {
    NonNull::new(cms).map(Cms).ok_or_else(ErrorStack::get)
}

fn done(code: c_int) -> Result<(), ErrorStack> {
    if code > 0 { Ok(()) } else { Err(ErrorStack::get()) }
}

/// The members of a stack of the library's, which it keeps.
fn members<T>(stack: *mut sys::OPENSSL_STACK) -> Vec<NonNull<T>> {
    // SAFETY: a null stack has the length -1; the pointers live as long as the structure that the callers borrow.
    let length = unsafe { sys::OPENSSL_sk_num(stack) };
    (0..length).filter_map(|i| NonNull::new(unsafe { sys::OPENSSL_sk_value(stack, i) }.cast())).collect()
}

/// The name of an algorithm: the library's, or the object identifier in digits.
fn algorithm_name(algorithm: *const sys::X509_ALGOR) -> String {
    if algorithm.is_null() {
        return "none".to_owned();
    }
    let mut object = std::ptr::null();
    // SAFETY: the object belongs to the algorithm, which the caller borrows.
    let object = unsafe {
        ffi::X509_ALGOR_get0(&raw mut object, null_mut(), null_mut(), algorithm);
        (!object.is_null()).then(|| Asn1ObjectRef::from_ptr(object.cast_mut()))
    };
    object.map_or_else(|| "none".to_owned(), name_of)
}

fn name_of(object: &Asn1ObjectRef) -> String {
    match object.nid() {
        Nid::UNDEF => object.to_string(),
        nid => nid.short_name().map_or_else(|_| object.to_string(), str::to_owned),
    }
}

/// A time of one form as any time: the library has one structure for both (RFC 5280 §4.1.2.5).
pub(crate) fn as_time(time: &Asn1GeneralizedTimeRef) -> &Asn1TimeRef {
    // SAFETY: ASN1_GENERALIZEDTIME and ASN1_TIME are the same type; it lives as long as what it was borrowed from.
    unsafe { Asn1TimeRef::from_ptr(time.as_ptr().cast()) }
}

/// The library's name of the curve that a key is on; nothing for keys of other kinds. To ask for the curve's parameters would
/// take as long as a signature.
pub(crate) fn curve<T>(key: &PKeyRef<T>) -> Option<String> {
    let mut name = [0_u8; 64];
    let mut length = 0;
    // SAFETY: the library writes no more than there is room for, and a zero behind the name.
    let found = unsafe { ffi::EVP_PKEY_get_group_name(key.as_ptr(), name.as_mut_ptr().cast(), name.len(), &raw mut length) } == 1;
    let _ = ErrorStack::get(); // a key without a curve is no failure
    let name = found.then(|| name.get(..length)).flatten()?;
    String::from_utf8(name.to_vec()).ok()
}

impl Cms {
    /// Reads one (BER).
    pub(crate) fn read(ber: &[u8]) -> Result<Cms, ErrorStack> {
        let mut at = ber.as_ptr();
        let length = c_long::try_from(ber.len()).unwrap_or(c_long::MAX);
        // SAFETY: the library reads `length` octets from `at`.
        made(unsafe { sys::d2i_CMS_ContentInfo(null_mut(), &raw mut at, length) })
    }

    /// Writes it (DER).
    pub(crate) fn to_der(&self) -> Result<Vec<u8>, ErrorStack> {
        // SAFETY: a null output asks for the length alone; then there is room for as much.
        unsafe {
            let length = sys::i2d_CMS_ContentInfo(self.0.as_ptr(), null_mut());
            let mut out = vec![0; usize::try_from(length).map_err(|_| ErrorStack::get())?];
            let mut at = out.as_mut_ptr();
            done(sys::i2d_CMS_ContentInfo(self.0.as_ptr(), &raw mut at))?;
            Ok(out)
        }
    }

    /// The certificates in it.
    pub(crate) fn certificates(&self) -> Vec<X509> {
        // SAFETY: the stack that comes is ours, or null where there is none.
        let stack = unsafe {
            let stack = ffi::CMS_get1_certs(self.0.as_ptr());
            (!stack.is_null()).then(|| Stack::<X509>::from_ptr(stack))
        };
        stack.into_iter().flatten().collect()
    }

    /// The revocation lists in it.
    pub(crate) fn crls(&self) -> Vec<X509Crl> {
        // SAFETY: stack and lists are ours; each list gets an owner, then the stack goes alone.
        unsafe {
            let stack: *mut sys::OPENSSL_STACK = ffi::CMS_get1_crls(self.0.as_ptr()).cast();
            let crls = members(stack).into_iter().map(|crl| X509Crl::from_ptr(crl.as_ptr())).collect();
            sys::OPENSSL_sk_free(stack);
            crls
        }
    }

    /// A filter over its content: a digest for each algorithm that it names, or its cipher. Octets that come out of it go to
    /// whoever pushes, or nowhere.
    pub(crate) fn filter(&self, keeps: bool) -> Result<Filter<'_>, ErrorStack> {
        // SAFETY: the chain owns the sink from here on, and neither outlives the structure.
        unsafe {
            let kind = if keeps { sys::BIO_s_mem() } else { ffi::BIO_s_null() };
            let sink = NonNull::new(sys::BIO_new(kind)).ok_or_else(ErrorStack::get)?;
            match NonNull::new(ffi::CMS_dataInit(self.0.as_ptr(), sink.as_ptr())) {
                Some(chain) => Ok(Filter { chain, sink, keeps, of: PhantomData }),
                None => {
                    ffi::BIO_free(sink.as_ptr());
                    Err(ErrorStack::get())
                }
            }
        }
    }

    // ---- signatures ----

    /// An empty SignedData.
    pub(crate) fn signed_data() -> Result<Cms, ErrorStack> {
        let flags = sys::CMS_PARTIAL | sys::CMS_DETACHED | sys::CMS_BINARY;
        // SAFETY: without a signer, certificates and data it makes the structure alone.
        made(unsafe { sys::CMS_sign(null_mut(), null_mut(), null_mut(), null_mut(), flags) })
    }

    /// Adds a signer, who says that it is `now`, in seconds since 1970; the signature is made by [`Filter::seal`].
    pub(crate) fn add_signer(
        &mut self,
        (certificate, key): (&X509Ref, &PKeyRef<Private>),
        digest: MessageDigest,
        pss: bool,
        now: i64,
    ) -> Result<(), ErrorStack> {
        let time = Asn1Time::from_unix(now)?;
        // A context for parameters is made with a digest, which Ed25519 takes none of.
        // What the library says of itself is left out: it would invite others to encrypt by DES and RC2.
        let flags = sys::CMS_PARTIAL | sys::CMS_BINARY | sys::CMS_NOSMIMECAP | if pss { sys::CMS_KEY_PARAM } else { 0 };
        // SAFETY: the library counts its own references to certificate and key; the context belongs to the signer.
        unsafe {
            let signer = ffi::CMS_add1_signer(self.0.as_ptr(), certificate.as_ptr(), key.as_ptr(), digest.as_ptr(), flags);
            let signer = NonNull::new(signer).ok_or_else(ErrorStack::get)?;
            let (nid, kind) = (Nid::PKCS9_SIGNINGTIME.as_raw(), sys::ASN1_STRING_type(time.as_ptr().cast()));
            let time = time.as_ptr().cast_const().cast();
            done(ffi::CMS_signed_add1_attr_by_NID(signer.as_ptr(), nid, kind, time, -1))?;
            let (nid, length) = (Nid::SMIMECAPABILITIES.as_raw(), CAPABILITIES.len() as c_int);
            let capabilities = CAPABILITIES.as_ptr().cast();
            done(ffi::CMS_signed_add1_attr_by_NID(signer.as_ptr(), nid, sys::V_ASN1_SEQUENCE, capabilities, length))?;
            if pss {
                let context = ffi::CMS_SignerInfo_get0_pkey_ctx(signer.as_ptr());
                done(sys::EVP_PKEY_CTX_set_rsa_padding(context, sys::RSA_PKCS1_PSS_PADDING))?;
                done(sys::EVP_PKEY_CTX_set_rsa_pss_saltlen(context, -1))?; // as long as the digest (RFC 4056 §3)
            }
            Ok(())
        }
    }

    /// Adds a certificate for whoever builds the chain.
    pub(crate) fn add_certificate(&mut self, certificate: &X509Ref) -> Result<(), ErrorStack> {
        // SAFETY: the library counts its own reference.
        done(unsafe { ffi::CMS_add1_cert(self.0.as_ptr(), certificate.as_ptr()) })
    }

    /// Its signers, each with its certificate where that is in the structure.
    pub(crate) fn signers(&self) -> Vec<SignerInfo<'_>> {
        // SAFETY: the library counts its own references to the certificates.
        let infos = unsafe {
            ffi::CMS_set1_signers_certs(self.0.as_ptr(), null_mut(), 0);
            ffi::CMS_get0_SignerInfos(self.0.as_ptr())
        };
        let _ = ErrorStack::get(); // what is missing is told of each signer
        members(infos).into_iter().map(|info| SignerInfo { info, of: self }).collect()
    }

    // ---- encryption ----

    /// An EnvelopedData, or an AuthEnvelopedData where the cipher authenticates (RFC 5083), without recipients.
    pub(crate) fn enveloped_data(cipher: Cipher, authenticates: bool) -> Result<Cms, ErrorStack> {
        // SAFETY: ciphers are static.
        made(unsafe {
            match authenticates {
                true => ffi::CMS_AuthEnvelopedData_create(cipher.as_ptr()),
                false => ffi::CMS_EnvelopedData_create(cipher.as_ptr()),
            }
        })
    }

    /// Adds a recipient: key transport for RSA, key agreement for elliptic curves.
    pub(crate) fn add_recipient(&mut self, certificate: &X509Ref, oaep: bool) -> Result<(), ErrorStack> {
        // SAFETY: the library counts its own reference; the context belongs to the recipient.
        unsafe {
            let recipient = ffi::CMS_add1_recipient_cert(self.0.as_ptr(), certificate.as_ptr(), sys::CMS_KEY_PARAM);
            let recipient = NonNull::new(recipient).ok_or_else(ErrorStack::get)?;
            let context = ffi::CMS_RecipientInfo_get0_pkey_ctx(recipient.as_ptr());
            let sha256 = MessageDigest::sha256().as_ptr();
            match ffi::CMS_RecipientInfo_type(recipient.as_ptr()) {
                ffi::CMS_RECIPINFO_AGREE => done(ffi::EVP_PKEY_CTX_set_ecdh_kdf_md(context, sha256)), // RFC 5753 §7.1.4
                ffi::CMS_RECIPINFO_TRANS if oaep => {
                    done(sys::EVP_PKEY_CTX_set_rsa_padding(context, sys::RSA_PKCS1_OAEP_PADDING))?;
                    done(ffi::EVP_PKEY_CTX_set_rsa_oaep_md(context, sha256))
                }
                _ => Ok(()),
            }
        }
    }

    /// How each recipient gets the key.
    pub(crate) fn recipient_algorithms(&self) -> Vec<String> {
        // SAFETY: algorithms belong to the structure.
        let infos = members(unsafe { ffi::CMS_get0_RecipientInfos(self.0.as_ptr()) });
        let name = |info: NonNull<ffi::CMS_RecipientInfo>| unsafe {
            let mut algorithm = null_mut();
            match ffi::CMS_RecipientInfo_type(info.as_ptr()) {
                ffi::CMS_RECIPINFO_TRANS => {
                    ffi::CMS_RecipientInfo_ktri_get0_algs(info.as_ptr(), null_mut(), null_mut(), &raw mut algorithm);
                }
                ffi::CMS_RECIPINFO_AGREE => {
                    ffi::CMS_RecipientInfo_kari_get0_alg(info.as_ptr(), &raw mut algorithm, null_mut());
                }
                _ => return "other".to_owned(),
            }
            algorithm_name(algorithm)
        };
        infos.into_iter().map(name).collect()
    }

    /// Whether it is encrypted for the holder of a certificate.
    pub(crate) fn is_for(&self, certificate: &X509Ref) -> bool {
        // SAFETY: recipients belong to the structure; the certificate is only looked at.
        let infos = members(unsafe { ffi::CMS_get0_RecipientInfos(self.0.as_ptr()) });
        infos.into_iter().any(|info: NonNull<ffi::CMS_RecipientInfo>| unsafe {
            match ffi::CMS_RecipientInfo_type(info.as_ptr()) {
                ffi::CMS_RECIPINFO_TRANS => ffi::CMS_RecipientInfo_ktri_cert_cmp(info.as_ptr(), certificate.as_ptr()) == 0,
                ffi::CMS_RECIPINFO_AGREE => {
                    let keys = members(ffi::CMS_RecipientInfo_kari_get0_reks(info.as_ptr()));
                    let is_for =
                        |key: NonNull<_>| ffi::CMS_RecipientEncryptedKey_cert_cmp(key.as_ptr(), certificate.as_ptr()) == 0;
                    keys.into_iter().any(is_for)
                }
                _ => false,
            }
        })
    }

    /// Takes the key by which content is decrypted. Only the recipient that the certificate names is tried, and where RSA
    /// fails a random key goes on in its place, so that failures look alike (RFC 3218 §2.3).
    pub(crate) fn unlock(&mut self, key: &PKeyRef<Private>, certificate: &X509Ref) -> Result<(), ErrorStack> {
        // SAFETY: the library counts its own reference to the key.
        done(unsafe { ffi::CMS_decrypt_set1_pkey(self.0.as_ptr(), key.as_ptr(), certificate.as_ptr()) })
    }
}

/// One who signed, as the structure has it.
pub(crate) struct SignerInfo<'c> {
    info: NonNull<ffi::CMS_SignerInfo>,
    of: &'c Cms,
}

impl SignerInfo<'_> {
    /// Its certificate, where there is one.
    pub(crate) fn certificate(&self) -> Option<X509> {
        let mut certificate = null_mut();
        // SAFETY: the certificate stays the signer's; a reference of our own is taken.
        unsafe {
            ffi::CMS_SignerInfo_get0_algs(self.info.as_ptr(), null_mut(), &raw mut certificate, null_mut(), null_mut());
            (!certificate.is_null()).then(|| X509Ref::from_ptr(certificate).to_owned())
        }
    }

    /// Its digest and signature algorithms.
    pub(crate) fn algorithms(&self) -> (String, String) {
        let (mut digest, mut signature) = (null_mut(), null_mut());
        // SAFETY: algorithms belong to the signer.
        unsafe {
            ffi::CMS_SignerInfo_get0_algs(self.info.as_ptr(), null_mut(), null_mut(), &raw mut digest, &raw mut signature);
        }
        (algorithm_name(digest), algorithm_name(signature))
    }

    /// The signer's own word for when it was (RFC 5652 §11.3), in seconds since 1970.
    pub(crate) fn signing_time(&self) -> Option<i64> {
        let kinds = [sys::V_ASN1_UTCTIME, sys::V_ASN1_GENERALIZEDTIME];
        let time = kinds.into_iter().find_map(|kind| self.attribute("1.2.840.113549.1.9.5", kind));
        // SAFETY: it is a time, and belongs to the signer.
        time.and_then(|time| crate::certificate::seconds(unsafe { Asn1TimeRef::from_ptr(time.as_ptr().cast()) }))
    }

    /// The one value of a signed attribute, where it is of a kind.
    fn attribute(&self, identifier: &str, kind: c_int) -> Option<NonNull<c_void>> {
        let object = Asn1Object::from_str(identifier).ok()?;
        // SAFETY: what comes is of the kind that was asked for and belongs to the signer; -3 asks for exactly one value.
        let value = unsafe { ffi::CMS_signed_get0_data_by_OBJ(self.info.as_ptr(), object.as_ptr(), -3, kind) };
        let _ = ErrorStack::get();
        NonNull::new(value)
    }

    /// Whether what was signed is of the type that the structure says (RFC 5652 §11.1), which the library leaves to others.
    fn is_of_its_type(&self) -> bool {
        let Some(said) = self.attribute("1.2.840.113549.1.9.3", sys::V_ASN1_OBJECT) else { return false };
        // SAFETY: both identifiers belong to the structure.
        unsafe { sys::OBJ_cmp(said.as_ptr().cast(), ffi::CMS_get0_eContentType(self.of.0.as_ptr())) == 0 }
    }

    /// Whether the signature is good: over the attributes, and these over what went through the filter, or over that alone.
    pub(crate) fn verifies(&self, filter: &Filter<'_>) -> bool {
        let info = self.info.as_ptr();
        // SAFETY: both belong to the same structure, which their lifetimes borrow.
        let good = unsafe {
            let has_attributes = ffi::CMS_signed_get_attr_count(info) >= 0;
            let attributes = !has_attributes || self.is_of_its_type() && ffi::CMS_SignerInfo_verify(info) > 0;
            attributes && ffi::CMS_SignerInfo_verify_content(info, filter.chain.as_ptr()) > 0
        };
        let _ = ErrorStack::get(); // what the library says of it is nobody's to know
        good
    }
}

/// Digests of what goes through, or a cipher.
pub(crate) struct Filter<'c> {
    chain: NonNull<sys::BIO>,
    sink: NonNull<sys::BIO>,
    keeps: bool,
    of: PhantomData<&'c Cms>,
}

impl Drop for Filter<'_> {
    fn drop(&mut self) {
        // SAFETY: the chain is ours, the sink its last.
        unsafe { sys::BIO_free_all(self.chain.as_ptr()) }
    }
}

impl Filter<'_> {
    /// Pushes the next octets; what comes out is written.
    pub(crate) fn push(&mut self, octets: &[u8], out: &mut dyn Write) -> Result<(), SmimeError> {
        for octets in octets.chunks(TOGETHER) {
            let length = c_int::try_from(octets.len()).unwrap_or(c_int::MAX);
            // SAFETY: the library reads `length` octets.
            let written = unsafe { sys::BIO_write(self.chain.as_ptr(), octets.as_ptr().cast::<c_void>(), length) };
            if written != length {
                return Err(ErrorStack::get().into());
            }
            self.drain(out)?;
        }
        Ok(())
    }

    /// Nothing follows; a cipher says here whether padding or tag were right.
    pub(crate) fn finish(&mut self, out: &mut dyn Write) -> Result<(), SmimeError> {
        // SAFETY: the chain is ours.
        if unsafe { ffi::BIO_ctrl(self.chain.as_ptr(), ffi::BIO_CTRL_FLUSH, 0, null_mut()) } <= 0 {
            return Err(ErrorStack::get().into());
        }
        self.drain(out)
    }

    fn drain(&mut self, out: &mut dyn Write) -> Result<(), SmimeError> {
        if !self.keeps {
            return Ok(());
        }
        let mut at: *const u8 = std::ptr::null();
        // SAFETY: the library tells where its octets are; they stay there until the reset.
        unsafe {
            let length = ffi::BIO_ctrl(self.sink.as_ptr(), ffi::BIO_CTRL_INFO, 0, (&raw mut at).cast());
            if let Ok(length @ 1..) = usize::try_from(length) {
                out.write_all(std::slice::from_raw_parts(at, length))?;
                ffi::BIO_ctrl(self.sink.as_ptr(), ffi::BIO_CTRL_RESET, 0, null_mut());
            }
        }
        Ok(())
    }

    /// The tag of authentication of what was encrypted, once that is finished.
    pub(crate) fn tag<const LENGTH: usize>(&self) -> Result<[u8; LENGTH], ErrorStack> {
        let (mut cipher, mut tag) = (null_mut::<sys::EVP_CIPHER_CTX>(), [0; LENGTH]);
        let length = c_int::try_from(LENGTH).unwrap_or(c_int::MAX);
        // SAFETY: the chain begins with the cipher, which stays its own; as much is written as there is room for.
        unsafe {
            ffi::BIO_ctrl(self.chain.as_ptr(), ffi::BIO_C_GET_CIPHER_CTX, 0, (&raw mut cipher).cast());
            let cipher = NonNull::new(cipher).ok_or_else(ErrorStack::get)?;
            done(sys::EVP_CIPHER_CTX_ctrl(cipher.as_ptr(), sys::EVP_CTRL_GCM_GET_TAG, length, tag.as_mut_ptr().cast()))?;
        }
        Ok(tag)
    }

    /// Makes the signatures over what went through.
    pub(crate) fn seal(self, cms: &Cms) -> Result<(), ErrorStack> {
        // SAFETY: the chain was made by this structure.
        done(unsafe { ffi::CMS_dataFinal(cms.0.as_ptr(), self.chain.as_ptr()) })
    }
}
