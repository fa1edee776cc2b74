import Diffraction

/// Dectris ARINA: `name_master.h5` whose frames lie in `name_data_000001.h5` and so on beside it.
enum DectrisLayout {
  /// `entry` is the group `/entry/data` of a master or data file.
  static func open(_ entry: HDF5Group, _ file: DiskFile, _ limits: ReadLimits) throws(FileRefusal)
    -> HDF5Frames
  {
    var datasets: [HDF5Dataset] = []
    if case .dataset(let data)? = entry.member("data") {
      datasets = [data]
    } else {
      // Links into other files are not followed wherever they point; the names beside the master are known.
      guard file.path.hasSuffix("_master.h5") else {
        throw FileRefusal(
          .unsupported, "Dectris: the frames lie in other files, and this is not called a master file")
      }
      for name in entry.names() where name.hasPrefix("data_") {
        guard case .external? = entry.member(name) else { continue }
        let part = try DiskFile(path: "\(file.path.dropLast("_master.h5".count))_\(name).h5")
        guard let data = try HDF5Group.open(part).group("entry", "data")?.dataset("data") else {
          throw FileRefusal(.damaged, "Dectris: \(CleanText.clean(name, limit: 40)) holds no frames")
        }
        datasets.append(data)
      }
    }
    guard let first = datasets.first else { throw FileRefusal(.damaged, "Dectris: no frames in the file") }
    for dataset in datasets { try dataset.checkStorage(limits: limits) }
    guard first.shape.count == 3, datasets.allSatisfy({ $0.shape == first.shape }) else {
      throw FileRefusal(.unsupported, "Dectris: data files of different sizes")
    }
    return try HDF5Frames(file, datasets: datasets, axes: .patternLast, format: "Dectris", limits: limits) {
      summary throws(FileRefusal) in
      summary.warnings.append("saturated and dead pixels hold the largest number of their type")
    }
  }
}
