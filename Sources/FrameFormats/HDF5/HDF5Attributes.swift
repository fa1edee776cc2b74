import CHDF5
import Diffraction
import Glibc

/// Attributes of a group or dataset, read as numbers or as clean text.
struct HDF5Attributes {
  let owner: HDF5Handle

  static func address(_ handle: HDF5Handle) -> UInt64? {
    var info = H5O_info_t()
    return H5Oget_info2(handle.id, &info, UInt32(H5O_INFO_BASIC)) >= 0 ? UInt64(info.addr) : nil
  }

  private func open(_ name: String) -> (attribute: HDF5Handle, type: HDF5Handle)? {
    guard H5Aexists(owner.id, name) > 0, let attribute = HDF5Handle(H5Aopen(owner.id, name, h5_default)),
      let type = HDF5Handle(H5Aget_type(attribute.id)), let space = HDF5Handle(H5Aget_space(attribute.id)),
      H5Sget_simple_extent_npoints(space.id) == 1
    else { return nil }
    return (attribute, type)
  }

  func number(_ name: String) -> Double? {
    guard let (attribute, type) = open(name) else { return nil }
    switch H5Tget_class(type.id) {
    case H5T_INTEGER, H5T_FLOAT:
      var value = 0.0
      guard H5Aread(attribute.id, h5_native(1, 1, 8), &value) >= 0 else { return nil }
      return value
    case H5T_ENUM:
      // NumPy's bool.
      guard H5Tget_size(type.id) == 1 else { return nil }
      var value: Int8 = 0
      guard H5Aread(attribute.id, type.id, &value) >= 0 else { return nil }
      return Double(value)
    case H5T_STRING: return text(name).flatMap { Double($0) }
    default: return nil
    }
  }

  func text(_ name: String) -> String? {
    guard let (attribute, type) = open(name), H5Tget_class(type.id) == H5T_STRING else { return nil }
    if H5Tis_variable_str(type.id) > 0 {
      guard let memory = HDF5Handle(H5Tcopy(h5_c_string())), H5Tset_size(memory.id, -1) >= 0,
        H5Tset_cset(memory.id, H5Tget_cset(type.id)) >= 0
      else { return nil }
      var pointer: UnsafeMutablePointer<CChar>?
      guard H5Aread(attribute.id, memory.id, &pointer) >= 0, let pointer else { return nil }
      defer { H5free_memory(pointer) }
      let bytes = UnsafeRawBufferPointer(start: pointer, count: strnlen(pointer, 8192))
      return CleanText.utf8(bytes)
    }
    let size = H5Tget_size(type.id)
    guard size > 0, size <= 65536 else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    guard H5Aread(attribute.id, type.id, &bytes) >= 0 else { return nil }
    return CleanText.utf8(bytes)
  }
}
