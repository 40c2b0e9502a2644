namespace HyperKernels.Fuzzing;

/// <summary>A reader, and valid files for it.</summary>
/// <param name="Name">One word, as <c>run</c> takes it.</param>
/// <param name="FileName">The file that is changed, below the folder it works in; its ending tells readers the format.</param>
/// <param name="Seeds">Valid files, small, which the program wrote itself.</param>
/// <param name="Read">Reads the file at a path wholly.</param>
/// <param name="Place">What a refusal has before the place.</param>
/// <param name="IsPacked">Whether content may become larger than its file, as <see cref="FileLimits"/> says.</param>
/// <param name="IsForeign">Whether it is read with a package of somebody else, which takes memory on the file's word: how much is told, and no finding.</param>
internal sealed record FuzzTarget(string Name, string FileName, IReadOnlyList<byte[]> Seeds, Action<string> Read, string Place, bool IsPacked = false, bool IsForeign = false);
