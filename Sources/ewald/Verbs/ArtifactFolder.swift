import System
import Diffraction
import FrameFormats

/// Where engines' files go: a folder, each file under the name of what was analysed.
struct ArtifactFolder: Sendable {
  private let folder: String
  private let stem: String

  init(_ folder: String, for path: String) {
    self.folder = folder
    stem = FilePath.stem(of: path)
  }

  @Sendable func write(_ artifact: Artifact) throws(AnalysisError) -> String {
    let path = "\(folder)/\(stem)_\(artifact.file)"
    let bytes =
      switch artifact.content {
      case .images(let images, let description):
        TIFFWriter.encode(
          images.enumerated().map { index, pixels in
            TIFFWriter.Page(pixels, description: index == 0 ? description : nil)
          })
      case .bytes(let bytes): bytes
      }
    do {
      try Folder.make(folder)
      try NewFile.write(bytes, to: path, durability: .cached)
    } catch {
      throw .failed(error.description)
    }
    return path
  }
}
