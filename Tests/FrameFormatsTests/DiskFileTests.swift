import System
import Diffraction
import Foundation
import FrameFormats
import Testing

@Suite struct DiskFileTests {
  private func refusal(_ path: String) -> FileRefusal? {
    do {
      _ = try FormatList.open(path: path)
      return nil
    } catch {
      return error
    }
  }

  @Test func `A pipe is refused without waiting for a writer`() {
    let scratch = Scratch()
    let path = scratch.path + "/x.tif"
    #expect(mkfifo(path, 0o600) == 0)
    #expect(refusal(path)?.reason == "is a pipe, not a file")
  }

  @Test func `Devices and folders are refused`() {
    let scratch = Scratch()
    let link = scratch.path + "/dev.tif"
    #expect(symlink("/dev/zero", link) == 0)
    #expect(refusal(link)?.reason == "is a device, not a file")
    #expect(refusal(scratch.path)?.reason == "is a folder")
  }

  @Test func `The operating system's refusal is passed on`() {
    let scratch = Scratch()
    #expect(refusal(scratch.path + "/none.tif")?.kind == .unreadable)
    #expect(refusal(scratch.path + "/none.tif")?.reason == "cannot read: no such file or directory")
    #expect(symlink("b.tif", scratch.path + "/a.tif") == 0)
    #expect(symlink("a.tif", scratch.path + "/b.tif") == 0)
    #expect(refusal(scratch.path + "/a.tif")?.kind == .unreadable)
  }

  // Root may read everything.
  @Test(.enabled(if: geteuid() != 0, "needs a user whom permissions bind"))
  func `A file without permission is refused and not forgotten`() {
    let scratch = Scratch()
    let path = scratch.file("x.tif", [1, 2, 3])
    chmod(path, 0)
    #expect(refusal(path)?.reason == "cannot read: permission denied")
  }

  @Test func `Empty and zero-filled files are taken for not yet written`() {
    let scratch = Scratch()
    #expect(refusal(scratch.file("a.tif", []))?.kind == .truncated)
    #expect(refusal(scratch.file("b.tif", Array(repeating: 0, count: 9000)))?.kind == .truncated)
    #expect(refusal(scratch.file("c.tif", [0x49, 0x49]))?.kind == .truncated)
  }

  @Test func `Names that are not text can be opened`() throws {
    let control = load(Reference.path("hostile/tif_ok_control.tif"))
    let scratch = Scratch()
    let all = Reference.json(Reference.path("hostile/names.json"))
    for entry in all["names"] as! [[String: String]] where entry["expect"] == "read" {
      let digits = Array(entry["hex"]!)
      let name = stride(from: 0, to: digits.count, by: 2).map {
        UInt8(String(digits[$0...$0 + 1]), radix: 16)!
      }
      let path = Array(scratch.path.utf8) + [UInt8(ascii: "/")] + name
      let descriptor = open(path.map { CChar(bitPattern: $0) } + [0], O_CREAT | O_WRONLY, 0o600)
      #expect(descriptor >= 0)
      #expect(write(descriptor, control, control.count) == control.count)
      close(descriptor)
      let text = PathText.text(path)
      #expect(PathText.bytes(text) == path)
      #expect(try FormatList.open(path: text).summary.width == 64, "\(entry["display"]!)")
    }
  }

  @Test func `Equal content has an equal hash under any name`() throws {
    let scratch = Scratch()
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7919) }
    var other = bytes
    other[100_000] ^= 1
    let first = try contentHash(ofFile: scratch.file("a", bytes))
    #expect(first.count == 32)
    #expect(try contentHash(ofFile: scratch.file("b", bytes)) == first)
    #expect(try contentHash(ofFile: scratch.file("c", other)) != first)
    #expect(try contentHash(ofFile: scratch.file("d", [])) != first)
  }
}
