import Diffraction

/// One entry of the image list.
struct DMImage {
  var place: DMTree.Place
  /// Fastest axis first, as in the file.
  var shape: [Int]
  var sample: SampleType
  var offset: Int
  var count: Int
  var axes: [Sourced<AxisCalibration>?]
  /// `Data Order Swapped`: the detector's axes come first.
  var isSwapped: Bool

  /// The image with the most dimensions that is not a thumbnail.
  static func choose(in tree: DMTree) throws(FileRefusal) -> DMImage {
    let format = "DM\(tree.version)"
    let list = tree.children(tree[tree.root, "ImageList"])
    guard !list.isEmpty else { throw FileRefusal(.damaged, "\(format): no list of images") }
    var thumbnails: Set<Int> = []
    for entry in tree.children(tree[tree.root, "Thumbnails"]) {
      if let index = try tree.number(tree[entry, "ImageIndex"]), let whole = Int(exactly: index) {
        thumbnails.insert(whole)
      }
    }
    var best: DMImage?
    var refusal: FileRefusal?
    for (index, place) in list.enumerated() where !thumbnails.contains(index) || list.count == 1 {
      do throws(FileRefusal) {
        let image = try DMImage(place, tree, format)
        if image.shape.count > best?.shape.count ?? 0 { best = image }
      } catch {
        // A colour copy beside the data is not what was asked for; a broken image is.
        if refusal == nil || refusal?.kind == .unsupported { refusal = error }
      }
    }
    if let best { return best }
    throw refusal ?? FileRefusal(.damaged, "\(format): only thumbnails, no image")
  }

  private init(_ place: DMTree.Place, _ tree: DMTree, _ format: String) throws(FileRefusal) {
    self.place = place
    let data = tree[place, "ImageData"]
    guard let values = tree.value(tree[data, "Data"]), values.isArray else {
      throw FileRefusal(.damaged, "\(format): an image without data")
    }
    func damaged(_ reason: String) -> FileRefusal {
      FileRefusal(.damaged, "\(format): \(reason)", offset: values.offset)
    }
    var shape: [Int] = []
    for size in tree.children(tree[data, "Dimensions"]).prefix(32) {
      guard let value = try tree.number(size), let whole = Int(exactly: value), whole > 0 else {
        throw damaged("an image with a size of zero")
      }
      shape.append(whole)
    }
    guard !shape.isEmpty else { throw damaged("an image without sizes") }
    var product = 1
    for size in shape {
      guard let next = checkedProduct(product, size) else { throw damaged("sizes beyond any file") }
      product = next
    }
    guard let code = try tree.number(tree[data, "DataType"]).flatMap({ Int(exactly: $0) }) else {
      throw damaged("an image without a data type")
    }
    let sample = try Self.sample(code, format, at: values.offset)
    guard let size = DMTree.size(ofType: values.type), size == sample.byteCount,
      (values.type == 6 || values.type == 7) == sample.isFloat
    else { throw damaged("data type \(code) does not fit the stored values") }
    guard values.count == product else {
      throw damaged("sizes \(shape.map(String.init).joined(separator: " x ")) but \(values.count) values")
    }
    // Lists of single values are files of their own kind (spectra): one long dimension and no image.
    self.shape = shape
    self.sample = sample
    offset = values.offset
    count = values.count
    let swapped = tree[place, "ImageTags", "Meta Data", "Data Order Swapped"]
    isSwapped = (try tree.number(swapped) ?? 0) != 0
    let calibrations = tree.children(tree[data, "Calibrations", "Dimension"])
    axes = []
    for index in shape.indices {
      axes.append(index < calibrations.count ? try Self.axis(tree, calibrations[index], index) : nil)
    }
  }

  /// Position = (index - Origin) x Scale. Without a unit the numbers mean nothing.
  private static func axis(_ tree: DMTree, _ place: DMTree.Place, _ index: Int) throws(FileRefusal)
    -> Sourced<AxisCalibration>?
  {
    guard let scale = try tree.number(tree[place, "Scale"]), let unit = try tree.text(tree[place, "Units"]),
      scale.isFinite, scale != 0, !unit.isEmpty
    else { return nil }
    let origin = try tree.number(tree[place, "Origin"]) ?? 0
    let start = origin.isFinite ? -origin * scale : 0
    return Sourced(
      AxisCalibration(scale: scale, origin: start, unit: String(unit.prefix(20))),
      source: "tag:Calibrations:Dimension:\(index)")
  }

  private static func sample(_ code: Int, _ format: String, at offset: Int) throws(FileRefusal) -> SampleType
  {
    switch code {
    case 1: return .int16
    case 2: return .float32
    case 6, 14: return .uint8
    case 7: return .int32
    case 9: return .int8
    case 10: return .uint16
    case 11: return .uint32
    case 12: return .float64
    case 39: return .int64
    case 40: return .uint64
    case 3, 5, 13, 27, 28: throw FileRefusal(.unsupported, "\(format): complex pixels", offset: offset)
    case 8, 23: throw FileRefusal(.unsupported, "\(format): colour", offset: offset)
    default: throw FileRefusal(.damaged, "\(format): unknown data type \(code)", offset: offset)
    }
  }
}
