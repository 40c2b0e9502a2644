namespace HyperKernels.IO;

/// <summary>How much a file may ask for when it is read. A program that reads files of strangers may set less, one with unusual data more.</summary>
public static class FileLimits
{
    /// <summary>Compressed content that does not become more than this is read whatever <see cref="Expansion"/> says; 64 MiB unless set.</summary>
    public static long AlwaysBytes { get; set; } = 64 << 20;

    /// <summary>
    /// The most bytes that the header of a safetensors file may have; 100,000,000 unless set, which is the format's own bound. What is read of a header takes up to
    /// 10 times its bytes in memory: 1 GB of the largest.
    /// </summary>
    public static int HeaderBytes { get; set; } = SafetensorsHeader.MaxBytes;

    /// <summary>
    /// How many times the size of its file compressed content (<c>.gz</c>, <c>.npz</c>) may become beyond <see cref="AlwaysBytes"/>; 200 unless set. Images and
    /// tables stay below 50, a file of nothing but zeros comes to 1,030.
    /// </summary>
    public static double Expansion { get; set; } = 200;
}
