namespace HyperKernels.IO;

/// <summary>How much a file may ask for when it is read. A program that reads files of strangers may set less, one with unusual data more.</summary>
public static class FileLimits
{
    /// <summary>Compressed content that does not become more than this is read whatever <see cref="Expansion"/> says: 64 MiB.</summary>
    public const long AlwaysBytes = 64 << 20;

    /// <summary>
    /// How many times the size of its file compressed content (<c>.gz</c>, <c>.npz</c>) may become beyond <see cref="AlwaysBytes"/>; 200 unless set. Images and
    /// tables stay below 50, a file of nothing but zeros comes to 1,030.
    /// </summary>
    public static double Expansion { get; set; } = 200;
}
