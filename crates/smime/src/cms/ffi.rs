//! What the `openssl` crate doesn't declare of the library's CMS, X.509 and BIO interfaces. Names are the library's own.

#![allow(non_camel_case_types, non_snake_case, reason = "the library's names")]

use openssl_sys::{
    ASN1_OBJECT, ASN1_OCTET_STRING, BIO, BIO_METHOD, CMS_ContentInfo, EVP_CIPHER, EVP_MD, EVP_PKEY, EVP_PKEY_CTX, OPENSSL_STACK,
    X509, X509_ALGOR, stack_st_X509, stack_st_X509_CRL,
};
use std::ffi::{c_char, c_int, c_long, c_uint, c_void};

pub(super) enum CMS_SignerInfo {}
pub(super) enum CMS_RecipientInfo {}
pub(super) enum CMS_RecipientEncryptedKey {}

pub(super) const CMS_RECIPINFO_TRANS: c_int = 0;
pub(super) const CMS_RECIPINFO_AGREE: c_int = 1;
pub(super) const BIO_CTRL_FLUSH: c_int = 11;
pub(super) const BIO_CTRL_RESET: c_int = 1;
pub(super) const BIO_CTRL_INFO: c_int = 3;
pub(super) const BIO_C_GET_CIPHER_CTX: c_int = 129;

unsafe extern "C" {
    pub(super) fn CMS_dataInit(cms: *mut CMS_ContentInfo, content: *mut BIO) -> *mut BIO;
    pub(super) fn CMS_dataFinal(cms: *mut CMS_ContentInfo, chain: *mut BIO) -> c_int;
    pub(super) fn CMS_get0_eContentType(cms: *mut CMS_ContentInfo) -> *const ASN1_OBJECT;
    pub(super) fn CMS_get1_certs(cms: *mut CMS_ContentInfo) -> *mut stack_st_X509;
    pub(super) fn CMS_get1_crls(cms: *mut CMS_ContentInfo) -> *mut stack_st_X509_CRL;
    pub(super) fn CMS_add1_cert(cms: *mut CMS_ContentInfo, certificate: *mut X509) -> c_int;

    pub(super) fn CMS_get0_SignerInfos(cms: *mut CMS_ContentInfo) -> *mut OPENSSL_STACK;
    pub(super) fn CMS_set1_signers_certs(cms: *mut CMS_ContentInfo, certificates: *mut stack_st_X509, flags: c_uint) -> c_int;
    pub(super) fn CMS_add1_signer(
        cms: *mut CMS_ContentInfo,
        signer: *mut X509,
        key: *mut EVP_PKEY,
        digest: *const EVP_MD,
        flags: c_uint,
    ) -> *mut CMS_SignerInfo;
    pub(super) fn CMS_SignerInfo_get0_algs(
        signer: *mut CMS_SignerInfo,
        key: *mut *mut EVP_PKEY,
        certificate: *mut *mut X509,
        digest: *mut *mut X509_ALGOR,
        signature: *mut *mut X509_ALGOR,
    );
    pub(super) fn CMS_SignerInfo_get0_pkey_ctx(signer: *mut CMS_SignerInfo) -> *mut EVP_PKEY_CTX;
    pub(super) fn CMS_SignerInfo_verify(signer: *mut CMS_SignerInfo) -> c_int;
    pub(super) fn CMS_SignerInfo_verify_content(signer: *mut CMS_SignerInfo, chain: *mut BIO) -> c_int;
    pub(super) fn CMS_signed_get_attr_count(signer: *const CMS_SignerInfo) -> c_int;
    pub(super) fn CMS_signed_add1_attr_by_NID(
        signer: *mut CMS_SignerInfo,
        nid: c_int,
        kind: c_int,
        value: *const c_void,
        length: c_int,
    ) -> c_int;
    pub(super) fn CMS_signed_get0_data_by_OBJ(
        signer: *const CMS_SignerInfo,
        object: *const ASN1_OBJECT,
        last: c_int,
        kind: c_int,
    ) -> *mut c_void;

    pub(super) fn CMS_get0_RecipientInfos(cms: *mut CMS_ContentInfo) -> *mut OPENSSL_STACK;
    pub(super) fn CMS_add1_recipient_cert(
        cms: *mut CMS_ContentInfo,
        certificate: *mut X509,
        flags: c_uint,
    ) -> *mut CMS_RecipientInfo;
    pub(super) fn CMS_RecipientInfo_type(recipient: *mut CMS_RecipientInfo) -> c_int;
    pub(super) fn CMS_RecipientInfo_get0_pkey_ctx(recipient: *mut CMS_RecipientInfo) -> *mut EVP_PKEY_CTX;
    pub(super) fn CMS_RecipientInfo_ktri_cert_cmp(recipient: *mut CMS_RecipientInfo, certificate: *mut X509) -> c_int;
    pub(super) fn CMS_RecipientInfo_ktri_get0_algs(
        recipient: *mut CMS_RecipientInfo,
        key: *mut *mut EVP_PKEY,
        certificate: *mut *mut X509,
        algorithm: *mut *mut X509_ALGOR,
    ) -> c_int;
    pub(super) fn CMS_RecipientInfo_kari_get0_alg(
        recipient: *mut CMS_RecipientInfo,
        algorithm: *mut *mut X509_ALGOR,
        user_keying_material: *mut *mut ASN1_OCTET_STRING,
    ) -> c_int;
    pub(super) fn CMS_RecipientInfo_kari_get0_reks(recipient: *mut CMS_RecipientInfo) -> *mut OPENSSL_STACK;
    pub(super) fn CMS_RecipientEncryptedKey_cert_cmp(key: *mut CMS_RecipientEncryptedKey, certificate: *mut X509) -> c_int;
    pub(super) fn CMS_decrypt_set1_pkey(cms: *mut CMS_ContentInfo, key: *mut EVP_PKEY, certificate: *mut X509) -> c_int;
    pub(super) fn CMS_AuthEnvelopedData_create(cipher: *const EVP_CIPHER) -> *mut CMS_ContentInfo;
    pub(super) fn CMS_EnvelopedData_create(cipher: *const EVP_CIPHER) -> *mut CMS_ContentInfo;

    pub(super) fn EVP_PKEY_get_group_name(key: *const EVP_PKEY, name: *mut c_char, size: usize, length: *mut usize) -> c_int;
    pub(super) fn EVP_PKEY_CTX_set_ecdh_kdf_md(context: *mut EVP_PKEY_CTX, digest: *const EVP_MD) -> c_int;
    pub(super) fn EVP_PKEY_CTX_set_rsa_oaep_md(context: *mut EVP_PKEY_CTX, digest: *const EVP_MD) -> c_int;

    pub(super) fn BIO_s_null() -> *const BIO_METHOD;
    pub(super) fn BIO_ctrl(bio: *mut BIO, command: c_int, number: c_long, pointer: *mut c_void) -> c_long;
    pub(super) fn BIO_free(bio: *mut BIO) -> c_int;

    pub(super) fn X509_ALGOR_get0(
        object: *mut *const ASN1_OBJECT,
        kind: *mut c_int,
        parameter: *mut *const c_void,
        algorithm: *const X509_ALGOR,
    );
}
