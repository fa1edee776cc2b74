import System
import Glibc

/// The few calls into the kernel that the watcher makes. None of them writes.
enum FileSystem {
  enum Found: Sendable {
    case file(ScannedFile)
    case nothing
    case failed(Int32)
  }

  /// What stands at a path. A symbolic link is followed, once, and only to tell what it leads to.
  static func look(at path: RawPath, in folder: RawPath) -> Found {
    folder.appending(path).withCString { look(at: path, AT_FDCWD, $0) }
  }

  static func look(at path: RawPath, _ directory: Int32, _ name: UnsafePointer<CChar>) -> Found {
    var status = stat()
    guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      return isAbsence(errno) ? .nothing : .failed(errno)
    }
    if status.st_mode & S_IFMT != S_IFLNK {
      return .file(ScannedFile(path: path, identity: FileIdentity(status), kind: kind(status)))
    }
    let link = FileIdentity(status)
    guard fstatat(directory, name, &status, 0) == 0 else {
      switch errno {
      case ELOOP: return .file(ScannedFile(path: path, identity: link, kind: .loopingLink))
      case let error where isAbsence(error):
        return .file(ScannedFile(path: path, identity: link, kind: .brokenLink))
      case let error: return .failed(error)
      }
    }
    switch kind(status) {
    case .regular: return .file(ScannedFile(path: path, identity: FileIdentity(status), kind: .link))
    case .directory: return .file(ScannedFile(path: path, identity: link, kind: .directoryLink))
    default: return .file(ScannedFile(path: path, identity: link, kind: .special))
    }
  }

  static func isAbsence(_ error: Int32) -> Bool { error == ENOENT || error == ENOTDIR }

  static func status(of path: RawPath) -> Result<stat, Errno> {
    var status = stat()
    guard path.withCString({ stat($0, &status) }) == 0 else { return .failure(Errno(errno)) }
    return .success(status)
  }

  /// Without marking the access time where the owner may ask for that.
  static func open(_ path: RawPath, _ flags: Int32) -> Result<Int32, Errno> {
    let descriptor = path.withCString { openQuietly($0, flags) }
    return descriptor < 0 ? .failure(Errno(errno)) : .success(descriptor)
  }

  private static func kind(_ status: stat) -> FileKind {
    switch status.st_mode & S_IFMT {
    case S_IFREG: .regular
    case S_IFDIR: .directory
    default: .special
    }
  }

  /// The type of the file system that holds a device, from the kernel's list of mounts. Asking the mount
  /// itself (`statfs`) could block for as long as its server is away.
  static func mountType(device: UInt64, mounts: String) -> String? {
    let major = (device >> 8) & 0xfff | (device >> 32) & ~0xfff
    let minor = device & 0xff | (device >> 12) & ~0xff & 0xffff_ffff
    let number = "\(major):\(minor)"
    var type: String?
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 2, fields[2] == number, let dash = fields.firstIndex(of: "-"),
        dash + 1 < fields.count
      else { continue }
      type = String(fields[dash + 1])
    }
    return type
  }

  static func mounts() -> String { (try? WholeFile.text("/proc/self/mountinfo", limit: 1 << 24)) ?? "" }
}

package enum NetworkMounts {
  private static let types: Set<String> = [
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "lustre", "gpfs", "afs", "ceph", "beegfs",
    "orangefs", "ncpfs", "coda", "vboxsf", "prl_fs", "virtiofs", "fuse",
  ]

  /// File systems that others can write to without this kernel's knowledge. `fuseblk` is a local disk.
  package static func contains(_ type: String) -> Bool { types.contains(type) || type.hasPrefix("fuse.") }

  package static func type(ofDevice device: UInt64, mounts: String) -> String? {
    FileSystem.mountType(device: device, mounts: mounts)
  }
}
