//! Pictures of the window without a window: egui's own renderer on whatever adapter there is, best
//! one in software, whose pictures are the same everywhere.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc,
};

use eframe::{
    egui_wgpu::{Renderer, RendererOptions, ScreenDescriptor},
    wgpu,
};
use egui_kittest::TestRenderer;
use image::RgbaImage;

/// The order of channels in memory is the one of the picture, and nothing is converted.
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// A channel may differ by so much: rasterisers round differently.
const CHANNEL: u8 = 24;

/// This share of the pixels may differ by more: edges of thin shapes fall to one side or the other.
const SHARE: f64 = 0.004;

/// Draws what egui puts out.
pub struct Painter {
    device: wgpu::Device,
    queue: wgpu::Queue,
    renderer: Renderer,
}

/// An adapter that has been opened; every [`Painter`] on it has its own textures.
pub struct Studio {
    name: String,
    device: wgpu::Device,
    queue: wgpu::Queue,
}

impl Studio {
    /// Opens an adapter, best one in software. Without any the caller skips its test, loudly; on
    /// continuous integration (`SELFSAME_CI=1`) that is a failure.
    ///
    /// # Panics
    /// If there is none and `SELFSAME_CI` is 1.
    #[must_use]
    pub fn open(test: &str) -> Option<Self> {
        let found = pollster::block_on(Self::find());
        if let Some(studio) = &found {
            println!("{test}: pictures by {}", studio.name);
            return found;
        }
        assert_ne!(
            std::env::var("SELFSAME_CI").as_deref(),
            Ok("1"),
            "no graphics adapter; install one in software (Debian: mesa-vulkan-drivers)"
        );
        eprintln!("SKIPPED {test}: no graphics adapter; Debian's mesa-vulkan-drivers has one in software");
        None
    }

    async fn find() -> Option<Self> {
        let mut backends = wgpu::InstanceDescriptor::new_without_display_handle();
        backends.backends = wgpu::Backends::PRIMARY;
        let mut adapters = wgpu::Instance::new(backends).enumerate_adapters(wgpu::Backends::PRIMARY).await;
        adapters.sort_by_key(|adapter| adapter.get_info().device_type != wgpu::DeviceType::Cpu);
        for adapter in adapters {
            let limits = wgpu::Limits::downlevel_defaults().using_resolution(adapter.limits());
            let wanted = wgpu::DeviceDescriptor { required_limits: limits, ..wgpu::DeviceDescriptor::default() };
            if let Ok((device, queue)) = adapter.request_device(&wanted).await {
                let name = format!("{} ({})", adapter.get_info().name, adapter.get_info().backend);
                return Some(Self { name, device, queue });
            }
        }
        None
    }

    /// A painter for one harness.
    #[must_use]
    pub fn painter(&self) -> Painter {
        let renderer = Renderer::new(&self.device, FORMAT, RendererOptions::PREDICTABLE);
        Painter { device: self.device.clone(), queue: self.queue.clone(), renderer }
    }
}

impl TestRenderer for Painter {
    fn handle_delta(&mut self, delta: &mut egui::TexturesDelta) {
        for (id, images) in delta.set.drain() {
            for image in images {
                self.renderer.update_texture(&self.device, &self.queue, id, &image);
            }
        }
        for id in delta.free.drain() {
            self.renderer.free_texture(&id);
        }
    }

    fn render(&mut self, context: &egui::Context, output: &egui::FullOutput) -> Result<RgbaImage, String> {
        let pixels_per_point = context.pixels_per_point();
        let size = context.content_rect().size() * pixels_per_point;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // sizes of windows
        let [width, height] = [size.x.round() as u32, size.y.round() as u32];
        let screen = ScreenDescriptor { size_in_pixels: [width, height], pixels_per_point };
        let shapes = context.tessellate(output.shapes.clone(), pixels_per_point);
        let extent = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let canvas = self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("canvas"),
            size: extent,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let before = self.renderer.update_buffers(&self.device, &self.queue, &mut encoder, &shapes, &screen);
        {
            let view = canvas.create_view(&wgpu::TextureViewDescriptor::default());
            let target = wgpu::RenderPassColorAttachment {
                view: &view,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT),
                    store: wgpu::StoreOp::Store,
                },
                depth_slice: None,
            };
            let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                color_attachments: &[Some(target)],
                ..wgpu::RenderPassDescriptor::default()
            });
            self.renderer.render(&mut pass.forget_lifetime(), &shapes, &screen);
        }
        // Rows of a buffer begin at multiples of this.
        let align = wgpu::COPY_BYTES_PER_ROW_ALIGNMENT;
        let row = (4 * width).next_multiple_of(align);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("picture"),
            size: u64::from(row) * u64::from(height),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None };
        let into = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
        encoder.copy_texture_to_buffer(canvas.as_image_copy(), into, extent);
        self.queue.submit(before.into_iter().chain([encoder.finish()]));
        let (sender, mapped) = mpsc::channel();
        buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            let _ = sender.send(result);
        });
        self.device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| e.to_string())?;
        mapped.recv().map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
        let bytes = buffer.slice(..).get_mapped_range().map_err(|e| e.to_string())?;
        let tight: Vec<u8> = bytes.chunks(row as usize).flat_map(|row| &row[..4 * width as usize]).copied().collect();
        RgbaImage::from_raw(width, height, tight).ok_or_else(|| "the picture has another size".to_owned())
    }
}

/// What there is to see in a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Content {
    /// Different colours.
    pub colors: usize,
    /// The share of pixels that are far from the most frequent colour, as text is.
    pub ink: f64,
}

/// Looks at a part of a picture: everything right of and below a point.
///
/// # Panics
/// If the part is empty.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts of pixels
pub fn content(picture: &RgbaImage, [left, top]: [u32; 2]) -> Content {
    let part = || picture.enumerate_pixels().filter(|(x, y, _)| *x >= left && *y >= top).map(|(_, _, pixel)| pixel.0);
    let mut counts = std::collections::HashMap::new();
    for pixel in part() {
        *counts.entry(pixel).or_insert(0_usize) += 1;
    }
    let ground = *counts.iter().max_by_key(|(_, count)| **count).expect("the picture is empty").0;
    let far = |pixel: [u8; 4]| (0..3).any(|channel| pixel[channel].abs_diff(ground[channel]) > 90);
    let total = part().count() as f64;
    Content { colors: counts.len(), ink: part().filter(|pixel| far(*pixel)).count() as f64 / total }
}

/// The folder of the pictures that README shows and the tests compare with.
#[must_use]
pub fn screenshots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/screenshots")
}

/// Where pictures go that are not committed.
fn unsorted() -> PathBuf {
    let executable = std::env::current_exe().unwrap_or_default();
    executable.ancestors().nth(2).unwrap_or(Path::new(".")).join("pictures")
}

/// Keeps a picture that is compared with nothing, to be looked at: `target/PROFILE/pictures`.
///
/// # Panics
/// If it cannot be written.
pub fn keep(name: &str, picture: &RgbaImage) {
    fs::create_dir_all(unsorted()).unwrap();
    picture.save(unsorted().join(format!("{name}.png"))).unwrap();
}

/// Whether the committed pictures are to be made anew (`SELFSAME_BLESS=1`).
#[must_use]
pub fn blessing() -> bool {
    std::env::var("SELFSAME_BLESS").as_deref() == Ok("1")
}

/// Compares a picture with the committed one of its name, or makes that anew.
///
/// # Errors
/// Says how far they differ and where both can be looked at.
///
/// # Panics
/// If a file cannot be written.
pub fn compare(name: &str, picture: &RgbaImage) -> Result<(), String> {
    let path = screenshots().join(format!("{name}.png"));
    if blessing() {
        fs::create_dir_all(screenshots()).unwrap();
        // A picture that is as good as the old one stays: no change in the history for nothing.
        let same =
            image::open(&path).is_ok_and(|old| differing(&old.to_rgba8(), picture).is_ok_and(|share| share == 0.0));
        if !same {
            picture.save(&path).unwrap();
        }
        return Ok(());
    }
    let Ok(committed) = image::open(&path) else {
        // As long as there are none at all, nothing is compared.
        let some = fs::read_dir(screenshots()).is_ok_and(|mut files| files.next().is_some());
        if some {
            return Err(format!("{name}: there is no {}; `cargo xtask screenshots` makes it", path.display()));
        }
        println!("{name}: no picture to compare with; `cargo xtask screenshots` makes it");
        return Ok(());
    };
    let problem = match differing(&committed.to_rgba8(), picture) {
        Ok(share) if share <= SHARE => return Ok(()),
        Ok(share) => format!("{:.2} % of the pixels differ", 100.0 * share),
        Err(problem) => problem,
    };
    fs::create_dir_all(unsorted()).unwrap();
    let new = unsorted().join(format!("{name}.png"));
    picture.save(&new).unwrap();
    Err(format!(
        "{name}: {problem}; compare {} with {}; if the new one is right, `cargo xtask screenshots` commits to it",
        new.display(),
        path.display()
    ))
}

/// The share of the pixels that differ.
///
/// # Errors
/// If the sizes differ.
#[allow(clippy::cast_precision_loss)] // counts of pixels
pub fn differing(a: &RgbaImage, b: &RgbaImage) -> Result<f64, String> {
    if a.dimensions() != b.dimensions() {
        return Err(format!("it is {:?} instead of {:?} pixels", b.dimensions(), a.dimensions()));
    }
    let differ = |(x, y): &(&image::Rgba<u8>, &image::Rgba<u8>)| (0..4).any(|c| x.0[c].abs_diff(y.0[c]) > CHANNEL);
    let count = a.pixels().zip(b.pixels()).filter(differ).count();
    Ok(count as f64 / (f64::from(a.width()) * f64::from(a.height())))
}

#[cfg(test)]
mod tests {
    use image::Rgba;

    use super::*;

    #[test]
    fn small_differences_are_overlooked_and_a_missing_word_is_not() {
        let ground = RgbaImage::from_pixel(100, 100, Rgba([250, 250, 250, 255]));
        let mut rounded = ground.clone();
        rounded.pixels_mut().for_each(|pixel| pixel.0[1] -= 10);
        assert_eq!(differing(&ground, &rounded), Ok(0.0));
        let mut word = ground.clone();
        for x in 10..40 {
            word.put_pixel(x, 50, Rgba([20, 20, 20, 255]));
            word.put_pixel(x, 52, Rgba([20, 20, 20, 255]));
        }
        assert!(differing(&ground, &word).unwrap() > SHARE);
        assert!(differing(&ground, &RgbaImage::new(99, 100)).is_err());
        let seen = content(&word, [0, 0]);
        assert_eq!((seen.colors, seen.ink), (2, 0.006));
        assert_eq!(content(&word, [0, 60]), Content { colors: 1, ink: 0.0 });
    }
}
