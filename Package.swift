// swift-tools-version: 6.1
import PackageDescription

// A C library is a module.modulemap and a shim.h, nothing else.
let libraries: [Target] = [
  .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
  .systemLibrary(name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"])]),
  .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
  .systemLibrary(name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"])]),
  .systemLibrary(name: "CLibSVM", providers: [.apt(["libsvm-dev"])]),
  .systemLibrary(name: "CLinux"),
  .systemLibrary(
    name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
  .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
  .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
  .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
  .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
  .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
  .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
  .systemLibrary(name: "CSpglib", providers: [.apt(["libsymspg-dev"])]),
  .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
  .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
]

// Inner loops in C, compiled for several instruction sets: SwiftPM has no setting for one.
let kernels: [Target] = [
  .target(name: "CDiffractionKernels"),
  .target(name: "CVectorLoops"),
]

let package = Package(
  name: "ewald",
  products: [
    .executable(name: "ewald", targets: ["ewald"])
  ],
  targets: libraries + kernels + [
    .target(name: "System", dependencies: ["CLinux", "COpenSSL"]),
    .target(name: "JSON"),
    .target(name: "Arrays", dependencies: ["CFFTW", "CLAPACKE", "COpenBLAS"]),
    .target(name: "Diffraction", dependencies: ["Arrays"]),
    .target(name: "Imaging", dependencies: ["Arrays", "CVectorLoops", "System"]),
    .target(name: "Learning", dependencies: ["Arrays", "CLibSVM", "COneDNN", "JSON", "System"]),
    .target(name: "CIF"),
    .target(
      name: "Scattering", dependencies: ["Arrays", "CDiffractionKernels", "CIF", "CSpglib", "Diffraction"]),
    .target(name: "Analysis", dependencies: ["Arrays", "Diffraction", "JSON", "Learning", "System"]),
    .target(name: "FrameQuality", dependencies: ["Analysis", "Arrays", "Diffraction", "Imaging"]),
    .target(
      name: "CBLEED", dependencies: ["Analysis", "Arrays", "Diffraction", "JSON", "Learning", "System"]),
    .target(
      name: "SPED",
      dependencies: [
        "Analysis", "Arrays", "CVectorLoops", "Diffraction", "Imaging", "JSON", "Scattering", "System",
      ]),
    .target(
      name: "PACBED",
      dependencies: [
        "Analysis", "Arrays", "CDiffractionKernels", "Diffraction", "Imaging", "JSON", "Learning",
        "Scattering", "System",
      ]),
    .target(
      name: "AtomTomography",
      dependencies: ["Analysis", "Arrays", "Diffraction", "JSON", "Learning", "System"]),
    .target(
      name: "FrameScaling", dependencies: ["Analysis", "Arrays", "Diffraction", "Scattering", "System"]),
    .target(
      name: "FrameFormats",
      dependencies: [
        "Arrays", "CDeflate", "CHDF5", "CIF", "CLinux", "CPNG", "CTIFF", "CZlib", "Diffraction", "JSON",
        "System",
      ]),
    .target(name: "FolderWatch", dependencies: ["CLinux", "System"]),
    .target(name: "Workers", dependencies: ["CLinux", "Diffraction", "FrameFormats", "System"]),
    .target(
      name: "LiveSession",
      dependencies: ["Analysis", "Diffraction", "FolderWatch", "FrameFormats", "JSON", "System", "Workers"],
      resources: [.embedInCode("Schema/ewald-session-1.schema.json")]),
    .target(
      name: "Service",
      dependencies: [
        "CMicroHTTPD", "COpenSSL", "CSQLite", "Diffraction", "FrameFormats", "JSON", "Learning",
        "LiveSession",
        "System",
      ],
      resources: [
        .embedInCode("Page/index.html"), .embedInCode("Page/style.css"), .embedInCode("Page/app.js"),
      ]),
    .target(name: "Sweep", dependencies: ["CLinux", "JSON", "System"]),
    .target(name: "TerminalUI", dependencies: ["CNcurses", "CZlib", "System"]),
    .executableTarget(
      name: "ewald",
      dependencies: [
        "Analysis", "Arrays", "AtomTomography", "CBLEED", "CLinux", "Diffraction", "FolderWatch",
        "FrameFormats",
        "FrameQuality", "FrameScaling", "JSON", "Learning", "LiveSession", "PACBED", "Scattering", "Service",
        "SPED", "Sweep", "System", "TerminalUI", "Workers",
      ],
      exclude: ["Deployment"]),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Arrays", "AtomTomography", "CBLEED", "Diffraction", "FolderWatch", "FrameFormats", "FrameQuality",
        "FrameScaling", "Imaging", "JSON", "Learning",
        "LiveSession", "PACBED", "Scattering", "SPED", "System", "TerminalUI", "Workers",
      ],
      exclude: ["Peers", "thresholds.tsv"]),
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "AtomTomography", "CBLEED", "Diffraction", "FrameFormats", "FrameQuality", "FrameScaling",
        "HostileFrames",
        "Learning",
        "PACBED", "SPED",
        "System", "Workers",
      ]),

    // What no microscope should send, and what every engine owes to it.
    .target(name: "HostileFrames", dependencies: ["Diffraction"], path: "Tests/Support"),

    .testTarget(name: "SystemTests", dependencies: ["System"]),
    .testTarget(name: "JSONTests", dependencies: ["JSON"]),
    .testTarget(name: "ArraysTests", dependencies: ["Arrays", "System"]),
    .testTarget(name: "DiffractionTests", dependencies: ["Diffraction"]),
    .testTarget(name: "ImagingTests", dependencies: ["CTIFF", "Imaging", "System"], exclude: ["Reference"]),
    .testTarget(
      name: "LearningTests", dependencies: ["Arrays", "JSON", "Learning", "System"],
      resources: [.copy("Reference")]),
    .testTarget(name: "ScatteringTests", dependencies: ["Arrays", "Scattering"]),
    .testTarget(
      name: "AnalysisTests", dependencies: ["Analysis", "Diffraction", "JSON", "Learning", "System"]),
    .testTarget(name: "FrameQualityTests", dependencies: ["FrameQuality", "HostileFrames"]),
    .testTarget(
      name: "CBLEEDTests",
      dependencies: ["Arrays", "CBLEED", "Diffraction", "HostileFrames", "JSON", "Learning", "System"],
      exclude: ["Reference"]),
    .testTarget(
      name: "PACBEDTests",
      dependencies: [
        "Analysis", "Arrays", "CDiffractionKernels", "Diffraction", "FrameFormats", "HostileFrames",
        "Learning", "PACBED", "Scattering", "System",
      ],
      exclude: ["Reference"]),
    .testTarget(
      name: "SPEDTests",
      dependencies: ["Arrays", "Diffraction", "HostileFrames", "Scattering", "SPED", "System"]),
    .testTarget(
      name: "AtomTomographyTests",
      dependencies: [
        "Arrays", "AtomTomography", "Diffraction", "HostileFrames", "JSON", "Learning", "System",
      ],
      exclude: ["Reference"]),
    .testTarget(
      name: "FrameScalingTests",
      dependencies: [
        "Arrays", "Diffraction", "FrameFormats", "FrameScaling", "HostileFrames", "JSON", "Scattering",
        "System",
      ],
      exclude: ["Reference"]),
    .testTarget(
      name: "FrameFormatsTests",
      dependencies: ["Diffraction", "FrameFormats", "Fuzz", "System", "Workers"],
      exclude: ["Reference"]),
    .testTarget(name: "FolderWatchTests", dependencies: ["Diffraction", "FolderWatch", "System"]),
    .testTarget(name: "WorkersTests", dependencies: ["Diffraction", "Workers"]),
    .testTarget(
      name: "LiveSessionTests",
      dependencies: [
        "Diffraction", "FolderWatch", "FrameFormats", "FrameQuality", "JSON", "LiveSession", "System",
        "Workers",
      ],
      exclude: ["Reference"]),
    .testTarget(
      name: "ServiceTests",
      dependencies: [
        "COpenSSL", "Diffraction", "FrameFormats", "FrameQuality", "JSON", "Learning", "LiveSession",
        "Service",
        "System",
      ]),
    .testTarget(name: "SweepTests", dependencies: ["JSON", "Sweep", "System"]),
    // Driven by the tests through a pseudo terminal: what a screen leaves behind when it is killed.
    .executableTarget(name: "TerminalProbe", dependencies: ["TerminalUI"], path: "Tests/TerminalProbe"),
    .testTarget(
      name: "TerminalUITests", dependencies: ["CPNG", "CZlib", "System", "TerminalProbe", "TerminalUI"]),
    .testTarget(
      name: "ewaldTests",
      dependencies: [
        "Analysis", "Diffraction", "ewald", "FolderWatch", "FrameFormats", "FrameQuality", "HostileFrames",
        "LiveSession", "SPED", "System", "TerminalUI", "Workers",
      ],
      exclude: ["Golden"]),
  ],
  swiftLanguageModes: [.v6]
)
