// Images that go with a message: dropped, pasted or chosen, made no larger than a model looks at.

const SIDE_MAX = 2048;
const PLAIN_BYTES_MAX = 3 * 1024 * 1024;
const KEPT = new Set(["image/png", "image/jpeg", "image/webp"]); // what the gateway takes as it is
const QUALITY = 0.9;

/** The images among files, as `{name, url}` with a data address each. Others are left out. */
export async function images(files) {
  return Promise.all([...files].filter((file) => file.type.startsWith("image/")).map(image));
}

async function image(file) {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${file.name}: this is no image that the browser can read.`);
  });
  const larger = Math.max(bitmap.width, bitmap.height);
  const asIs = larger <= SIDE_MAX && file.size <= PLAIN_BYTES_MAX && KEPT.has(file.type);
  const url = await dataAddress(asIs ? file : await smaller(bitmap, Math.min(1, SIDE_MAX / larger)));
  bitmap.close();
  return { name: file.name || "image", url };
}

async function smaller(bitmap, factor) {
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * factor), Math.round(bitmap.height * factor));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
}

function dataAddress(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}
