//! How a body is read, by its content type, as the gateway reads it.

use super::trouble::{Trouble, charset, media_type, uninspectable};
use crate::exchange::charset::{Charset, MediaType, Text};
use bytes::Bytes;
use yingbi_policies::Permit;
use yingbi_protect::{Finding, Format, Protector, Summary, declared_encoding};

/// A body and what it is said to be.
pub(super) struct Body<'b> {
    /// What to call it where something is wrong.
    pub(super) name: &'b str,
    pub(super) content_type: &'b str,
    pub(super) bytes: Bytes,
    /// Whether only what the gateway reads is read; else other text types are at least text.
    pub(super) is_strict: bool,
}

/// What came of a body.
pub(super) struct Done {
    pub(super) body: Bytes,
    pub(super) summary: Summary,
}

impl Body<'_> {
    /// What is in it. Spans count bytes of the input, so that only UTF-8 is read, but for bodies that are treated as
    /// well: of those they count bytes of the text in UTF-8.
    pub(super) fn scan(&self, protector: &Protector) -> Result<Vec<Finding>, Trouble> {
        let (media, format) = self.format()?;
        let scan =
            |body: &[u8]| protector.scan(format, body).map_err(|why| uninspectable(self.name, body, why));
        match self.charset(&media, format)? {
            _ if matches!(format, Format::Multipart(_)) => scan(&self.bytes),
            Charset::Utf8 | Charset::Ascii => scan(&self.bytes),
            _ if !self.is_strict && media.charset().is_some() => Err(self.not_read()),
            _ if !self.is_strict => {
                Err(charset(self.name, "the encoding that the document declares is not read here"))
            }
            charset => scan(&self.text(charset)?.utf8),
        }
    }

    /// It, as a permit lets it be seen; findings aside, any charset that the gateway reads.
    pub(super) fn treat(&self, protector: &Protector, permit: &Permit) -> Result<Done, Trouble> {
        if self.passes_unread(permit) {
            return Ok(Done { body: self.bytes.clone(), summary: Summary::default() });
        }
        let (media, format) = self.format()?;
        let treated = |body: &[u8]| {
            protector.body(permit, format, body).map_err(|why| uninspectable(self.name, body, why))
        };
        if matches!(format, Format::Multipart(_)) {
            let treated = treated(&self.bytes)?;
            return Ok(Done { body: treated.body.into(), summary: treated.summary });
        }
        let text = self.text(self.charset(&media, format)?)?;
        let treated = treated(&text.utf8)?;
        let body = text.encode(treated.body.into()).map_err(|why| charset(self.name, &why.to_string()))?;
        Ok(Done { body, summary: treated.summary })
    }

    /// Whether the gateway would pass it as it is: it is empty, or of a type that the route's binding declares opaque.
    pub(super) fn passes_unread(&self, permit: &Permit) -> bool {
        let is_opaque = |media: MediaType| {
            permit.binding().is_some_and(|binding| binding.opaque.iter().any(|own| own == media.essence()))
        };
        self.is_strict && (self.bytes.is_empty() || self.media_type().is_ok_and(is_opaque))
    }

    fn text(&self, of: Charset) -> Result<Text, Trouble> {
        Text::decode(of, self.bytes.clone()).map_err(|why| charset(self.name, &why.to_string()))
    }

    fn charset(&self, media: &MediaType, format: Format) -> Result<Charset, Trouble> {
        let declared = declared_encoding(&self.bytes).filter(|_| format == Format::Xml);
        Charset::of(media.charset(), declared).map_err(|why| match declared {
            Some(_) => charset(self.name, &why.to_string()),
            None => self.not_read(),
        })
    }

    fn format(&self) -> Result<(MediaType, Format), Trouble> {
        let media = self.media_type()?;
        // Formats whose structure is not read are at least text.
        let format = Format::of(media.essence(), media.boundary())
            .or_else(|| (!self.is_strict && media.kind() == "text").then_some(Format::Text));
        Ok((media, format.ok_or_else(|| self.not_read())?))
    }

    fn media_type(&self) -> Result<MediaType, Trouble> {
        MediaType::parse(self.content_type).map_err(|_| self.not_read())
    }

    fn not_read(&self) -> Trouble {
        media_type(self.name, self.content_type)
    }
}
