import CHDF5
import Diffraction
import Synchronization

/// The library keeps global state and is entered by one thread at a time.
enum HDF5Library {
  private static let lock = Mutex(())

  /// Runs `body` alone inside the library, with its messages silenced and without external links.
  static func visit<R>(_ body: () throws(FileRefusal) -> R) throws(FileRefusal) -> R {
    let result: Result<R, FileRefusal> = lock.withLock { _ in
      h5_silence()
      // A link to another file must not be followed: a file from a stranger could name any file here.
      if H5Lis_registered(H5L_TYPE_EXTERNAL) > 0 { H5Lunregister(H5L_TYPE_EXTERNAL) }
      do throws(FileRefusal) {
        return .success(try body())
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  static func refusal(_ reason: String, kind: FileRefusal.Kind = .damaged) -> FileRefusal {
    let detail = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 120) { buffer -> String in
      guard let base = buffer.baseAddress else { return "" }
      h5_message(base)
      return CleanText.utf8(buffer.map { UInt8(bitPattern: $0) }, limit: 120)
    }
    return FileRefusal(kind, "HDF5: \(reason)\(detail.isEmpty ? "" : " (\(detail))")")
  }
}

/// Owns an identifier of the library. Made and let go inside `HDF5Library.visit` only.
final class HDF5Handle {
  let id: hid_t

  init?(_ id: hid_t) {
    guard id >= 0 else { return nil }
    self.id = id
  }

  deinit { H5Idec_ref(id) }
}

/// A file or group whose members can be looked at.
struct HDF5Group {
  let handle: HDF5Handle

  static func open(_ file: DiskFile) throws(FileRefusal) -> HDF5Group {
    guard let access = HDF5Handle(H5Pcreate(h5_file_access())) else {
      throw HDF5Library.refusal("the library does not start")
    }
    // Locks fail or hang on network shares, and nothing is written here.
    H5Pset_file_locking(access.id, false, true)
    // A chunk is shared by neighbouring patterns: without room for a row of chunks it would be unpacked again
    // for each of them.
    H5Pset_cache(access.id, 0, 4001, 32 << 20, 0.75)
    // The same inode that was checked, whatever the name means by now.
    guard
      let handle = HDF5Handle(H5Fopen("/proc/self/fd/\(file.descriptor)", h5_read_only, access.id))
    else {
      let refusal = HDF5Library.refusal("the file cannot be opened")
      // A writer that is still busy leaves an end that is not there yet, or its mark in the head.
      let isUnfinished =
        refusal.reason.contains("truncated") || refusal.reason.contains("already open for write")
      throw FileRefusal(isUnfinished ? .truncated : .damaged, refusal.reason)
    }
    return HDF5Group(handle: handle)
  }

  /// Names of the members in alphabetical order, at most `limit`.
  func names(limit: Int = 1000) -> [String] {
    var info = H5G_info_t()
    guard H5Gget_info(handle.id, &info) >= 0 else { return [] }
    var names: [String] = []
    for index in 0..<min(info.nlinks, UInt64(limit)) {
      let name = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer -> String? in
        let length = H5Lget_name_by_idx(
          handle.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, buffer.baseAddress, buffer.count, h5_default)
        guard length > 0, length < buffer.count, let base = buffer.baseAddress else { return nil }
        return String(validatingCString: base)
      }
      if let name { names.append(name) }
    }
    return names
  }

  enum Member {
    case group(HDF5Group)
    case dataset(HDF5Dataset)
    case external
    case other
  }

  /// A member of this very group; the name is never taken for a path.
  func member(_ name: String) -> Member? {
    guard !name.isEmpty, !name.contains("/"), name != ".", name != ".." else { return nil }
    var link = H5L_info_t()
    guard H5Lget_info(handle.id, name, &link, h5_default) >= 0 else { return nil }
    if link.type == H5L_TYPE_EXTERNAL { return .external }
    guard let object = HDF5Handle(H5Oopen(handle.id, name, h5_default)) else { return .other }
    switch H5Iget_type(object.id) {
    case H5I_GROUP: return .group(HDF5Group(handle: object))
    case H5I_DATASET:
      return .dataset(HDF5Dataset(handle: object))
    default: return .other
    }
  }

  func group(_ path: String...) -> HDF5Group? {
    var current = self
    for name in path {
      guard case .group(let next)? = current.member(name) else { return nil }
      current = next
    }
    return current
  }

  func dataset(_ name: String) throws(FileRefusal) -> HDF5Dataset? {
    switch member(name) {
    case .dataset(let dataset): return dataset
    case .external:
      throw FileRefusal(.unsupported, "HDF5: the data is a link into another file, which is not followed")
    default: return nil
    }
  }

  /// Tells groups apart, to notice circles.
  var address: UInt64? { HDF5Attributes.address(handle) }
  var attributes: HDF5Attributes { HDF5Attributes(owner: handle) }
}
