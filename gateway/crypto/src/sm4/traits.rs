//! The modes as RustCrypto's traits have them.

use super::ccm::Ccm;
use super::gcm::{Forged, Gcm, TooLong};
use aead::inout::InOutBuf;
use aead::{AeadCore, AeadInOut, KeyInit, KeySizeUser, TagPosition};
use cipher::Array;
use cipher::consts::{U12, U16};

macro_rules! aead {
    ($mode:ident) => {
        impl KeySizeUser for $mode {
            type KeySize = U16;
        }

        impl KeyInit for $mode {
            fn new(key: &Array<u8, U16>) -> Self {
                $mode::new(&key.0)
            }
        }

        impl AeadCore for $mode {
            type NonceSize = U12;
            type TagSize = U16;
            const TAG_POSITION: TagPosition = TagPosition::Postfix;
        }

        impl AeadInOut for $mode {
            fn encrypt_inout_detached(
                &self,
                nonce: &Array<u8, U12>,
                aad: &[u8],
                text: InOutBuf<'_, '_, u8>,
            ) -> Result<Array<u8, U16>, aead::Error> {
                self.seal(&nonce.0, aad, text.into_out_with_copied_in())
                    .map(Array)
                    .map_err(|TooLong(_)| aead::Error)
            }

            fn decrypt_inout_detached(
                &self,
                nonce: &Array<u8, U12>,
                aad: &[u8],
                text: InOutBuf<'_, '_, u8>,
                tag: &Array<u8, U16>,
            ) -> Result<(), aead::Error> {
                self.open(&nonce.0, aad, text.into_out_with_copied_in(), &tag.0).map_err(|Forged| aead::Error)
            }
        }
    };
}

aead!(Gcm);
aead!(Ccm);
