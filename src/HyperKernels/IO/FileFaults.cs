namespace HyperKernels.IO;

/// <summary>What the system says of a file that cannot be written, in words that name the file a user knows of.</summary>
internal static class FileFaults
{
    /// <summary>Says which folder it was; what the system says names a file that the caller never heard of.</summary>
    public static T InFolder<T>(string target, string folder, Func<T> work)
    {
        try
        {
            return work();
        }
        // Where the folder goes between the making of a file and its renaming, the system misses the file.
        catch (IOException failure) when (failure is DirectoryNotFoundException || (failure is FileNotFoundException && !FileLayer.Current.FolderExists(folder)))
        {
            throw new DirectoryNotFoundException($"{target}: the folder {folder} does not exist, or not any more.", failure);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new IOException($"{target}: no file may be made in the folder {folder}: its permissions, or those of the file system, do not allow it.", failure);
        }
    }

    /// <summary>The refusal of a file that grew beyond a limit; null where something else failed.</summary>
    public static IOException? TooLarge(string target, Exception failure) =>
        // How the runtime reports EFBIG.
        failure is ArgumentOutOfRangeException { ParamName: "value" }
            ? new IOException($"{target}: a file of that size is not allowed here: the process has a limit (ulimit -f), or the file system.", failure)
            : null;
}
