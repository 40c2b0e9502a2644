namespace HyperKernels.Cli.Training;

/// <summary>Where a process that is not rank 0 writes what recipes write: removed at the end.</summary>
internal sealed class OtherRanksFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hyperkernels-");

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
