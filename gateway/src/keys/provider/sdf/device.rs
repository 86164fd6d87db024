//! The calls of GM/T 0018—2012 that are needed, behind functions that can't be used wrongly. The only place outside the
//! SIMD modules where `unsafe` stands: a C library has no other way in.
//!
//! What is trusted is that the library is what the standard describes: the operator names it, as they name the program.
//! What it reports is not trusted: every length is checked against the buffer it was given.
#![allow(unsafe_code, reason = "calls into a C library that is loaded when the program runs")]

use super::super::Fault;
use super::IV_BYTES;
use libloading::Library;
use std::ffi::{c_int, c_uchar, c_uint, c_void};
use std::mem::ManuallyDrop;
use std::path::Path;
use std::ptr::null_mut;
use zeroize::Zeroizing;

/// The longest wrapped session key that is taken: an SM4 key is 16 bytes, wrapped rarely more than 64.
pub(super) const KEY_BYTES_MOST: usize = 1024;

/// An open device with one session; both are closed when it is dropped.
pub(super) struct Device {
    functions: Functions,
    device: *mut c_void,
    session: *mut c_void,
    /// Never unloaded: vendors' libraries keep threads of their own.
    _library: ManuallyDrop<Library>,
}

/// A key in the module's memory; give it back with [`Device::destroy`].
pub(super) struct SessionKey(*mut c_void);

type Crypt = unsafe extern "C" fn(
    *mut c_void,
    *mut c_void,
    c_uint,
    *mut c_uchar,
    *mut c_uchar,
    c_uint,
    *mut c_uchar,
    *mut c_uint,
) -> c_int;

macro_rules! functions {
    ($($field:ident = $name:literal: fn($($argument:ty),*);)*) => {
        /// Functions of the library, by the names of the standard.
        struct Functions {
            $($field: unsafe extern "C" fn($($argument),*) -> c_int,)*
            encrypt: Crypt,
            decrypt: Crypt,
        }

        impl Functions {
            fn of(library: &Library) -> Option<Functions> {
                // SAFETY: the types are those of GM/T 0018—2012 §6, and the library outlives the pointers, since it is
                // never unloaded.
                unsafe {
                    Some(Functions {
                        $($field: *library.get($name).ok()?,)*
                        encrypt: *library.get(b"SDF_Encrypt\0").ok()?,
                        decrypt: *library.get(b"SDF_Decrypt\0").ok()?,
                    })
                }
            }
        }
    };
}

functions! {
    open_device = b"SDF_OpenDevice\0": fn(*mut *mut c_void);
    close_device = b"SDF_CloseDevice\0": fn(*mut c_void);
    open_session = b"SDF_OpenSession\0": fn(*mut c_void, *mut *mut c_void);
    close_session = b"SDF_CloseSession\0": fn(*mut c_void);
    random = b"SDF_GenerateRandom\0": fn(*mut c_void, c_uint, *mut c_uchar);
    generate_key = b"SDF_GenerateKeyWithKEK\0":
        fn(*mut c_void, c_uint, c_uint, c_uint, *mut c_uchar, *mut c_uint, *mut *mut c_void);
    import_key = b"SDF_ImportKeyWithKEK\0":
        fn(*mut c_void, c_uint, c_uint, *mut c_uchar, c_uint, *mut *mut c_void);
    destroy_key = b"SDF_DestroyKey\0": fn(*mut c_void, *mut c_void);
}

impl Device {
    pub(super) fn open(module: &Path) -> Result<Device, Fault> {
        // SAFETY: loading runs the library's own initialisation; the operator named it as trusted code.
        let library = unsafe { Library::new(module.as_os_str()) }.map_err(|_| Fault::Unreachable)?;
        let library = ManuallyDrop::new(library);
        let functions = Functions::of(&library).ok_or(Fault::Unreachable)?;
        let mut device = Device { functions, device: null_mut(), session: null_mut(), _library: library };
        // SAFETY: the pointer is to a place for one handle.
        good(unsafe { (device.functions.open_device)(&mut device.device) })?;
        // SAFETY: as above; the device was opened.
        good(unsafe { (device.functions.open_session)(device.device, &mut device.session) })?;
        Ok(device)
    }

    pub(super) fn random(&self, into: &mut [u8]) -> Result<(), Fault> {
        let length = c_uint::try_from(into.len()).map_err(|_| Fault::Garbage)?;
        // SAFETY: the buffer has the length that is told.
        good(unsafe { (self.functions.random)(self.session, length, into.as_mut_ptr()) })
    }

    /// A new key of 128 bits, and itself wrapped under the key-encrypting key.
    pub(super) fn generate_key(&self, algorithm: u32, kek: u32) -> Result<(SessionKey, Vec<u8>), Fault> {
        let mut wrapped = vec![0; KEY_BYTES_MOST];
        let mut length = KEY_BYTES_MOST as c_uint;
        let mut key = null_mut();
        // SAFETY: the buffer has the length that is told, and far more than a wrapped key needs.
        good(unsafe {
            (self.functions.generate_key)(
                self.session,
                KEY_BITS,
                algorithm,
                kek,
                wrapped.as_mut_ptr(),
                &mut length,
                &mut key,
            )
        })?;
        wrapped.truncate(length as usize);
        if wrapped.len() != length as usize || wrapped.is_empty() {
            self.destroy(SessionKey(key));
            return Err(Fault::Garbage);
        }
        Ok((SessionKey(key), wrapped))
    }

    pub(super) fn import_key(&self, algorithm: u32, kek: u32, wrapped: &[u8]) -> Result<SessionKey, Fault> {
        let mut wrapped = wrapped.to_vec();
        let length = c_uint::try_from(wrapped.len()).map_err(|_| Fault::Garbage)?;
        let mut key = null_mut();
        // SAFETY: the buffer, a copy of our own, has the length that is told.
        good(unsafe {
            (self.functions.import_key)(self.session, algorithm, kek, wrapped.as_mut_ptr(), length, &mut key)
        })?;
        Ok(SessionKey(key))
    }

    pub(super) fn destroy(&self, key: SessionKey) {
        // SAFETY: the handle came from this session and is not used again.
        let _ = unsafe { (self.functions.destroy_key)(self.session, key.0) };
    }

    pub(super) fn encrypt(
        &self,
        key: &SessionKey,
        algorithm: u32,
        iv: [u8; IV_BYTES],
        data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        self.crypt(self.functions.encrypt, key, algorithm, iv, data)
    }

    pub(super) fn decrypt(
        &self,
        key: &SessionKey,
        algorithm: u32,
        iv: [u8; IV_BYTES],
        data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        self.crypt(self.functions.decrypt, key, algorithm, iv, data)
    }

    fn crypt(
        &self,
        crypt: Crypt,
        key: &SessionKey,
        algorithm: u32,
        mut iv: [u8; IV_BYTES],
        data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        // Libraries write the next IV back, so it is a copy; output may be a padding block longer than input.
        let mut input = Zeroizing::new(data.to_vec());
        let mut output = Zeroizing::new(vec![0; data.len() + 2 * IV_BYTES]);
        let room = output.len();
        let mut length = c_uint::try_from(room).map_err(|_| Fault::Garbage)?;
        let size = c_uint::try_from(input.len()).map_err(|_| Fault::Garbage)?;
        // SAFETY: every buffer is ours and has the length that is told; the key's handle is alive.
        good(unsafe {
            crypt(
                self.session,
                key.0,
                algorithm,
                iv.as_mut_ptr(),
                input.as_mut_ptr(),
                size,
                output.as_mut_ptr(),
                &mut length,
            )
        })?;
        // Not a byte more or less: parcels fill whole blocks.
        if length as usize != data.len() {
            return Err(Fault::Garbage);
        }
        output.truncate(data.len());
        Ok(output)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // SAFETY: each handle is closed once, the session before its device, and only if it was opened.
        unsafe {
            if !self.session.is_null() {
                (self.functions.close_session)(self.session);
            }
            if !self.device.is_null() {
                (self.functions.close_device)(self.device);
            }
        }
    }
}

/// `SDR_OK`, or the module's number.
fn good(code: c_int) -> Result<(), Fault> {
    match code as u32 {
        0 => Ok(()),
        PARDENY => Err(Fault::Refused),
        COMMFAIL | OPENDEVICE | OPENSESSION => Err(Fault::Unreachable),
        code => Err(Fault::Failed(u64::from(code))),
    }
}

const KEY_BITS: c_uint = 128;
/// `SDR_COMMFAIL`, GM/T 0018—2012 Annex A.
const COMMFAIL: u32 = 0x0100_0003;
/// `SDR_OPENDEVICE`.
const OPENDEVICE: u32 = 0x0100_0005;
/// `SDR_OPENSESSION`.
const OPENSESSION: u32 = 0x0100_0006;
/// `SDR_PARDENY`: no right to the private key.
const PARDENY: u32 = 0x0100_0007;
