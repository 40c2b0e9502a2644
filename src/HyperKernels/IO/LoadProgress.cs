namespace HyperKernels.IO;

/// <summary>How far a data set is read.</summary>
/// <param name="Done">Files that are read.</param>
/// <param name="Total">All files.</param>
/// <param name="Path">The one that was read last.</param>
public readonly record struct LoadProgress(int Done, int Total, string Path);
