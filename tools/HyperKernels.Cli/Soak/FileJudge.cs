using System.Diagnostics;

namespace HyperKernels.Cli.Soak;

/// <summary>
/// Gives a file to its reader. What is not read must be refused by <see cref="InvalidDataException"/>, in one short line with the file and the place, soon, and
/// without more memory than the file's size accounts for.
/// </summary>
/// <param name="format">Whose reader it is.</param>
/// <param name="folder">Where the file that is read lies, and others that its reader wants.</param>
/// <param name="packedBytes">What packed content may take beside.</param>
internal sealed class FileJudge(DamagedFiles format, string folder, long packedBytes)
{
    /// <summary>Allocated on the managed heap in all while a file is read, not at one time: this, and so much a byte of the file.</summary>
    public const long MostBytes = 16 << 20;
    public const long MostBytesPerByte = 400;

    /// <summary>Longer is a finding, if it is so three times: other work on the machine takes time too.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private const int LongestMessage = 2_000;

    /// <summary>The file that is read.</summary>
    public string Path { get; } = System.IO.Path.Combine(folder, format.FileName);

    public long Files { get; private set; }

    public long Refused { get; private set; }

    public TimeSpan Slowest { get; private set; }

    public long MostAllocated { get; private set; }

    /// <summary>Since when the file that is being read is read, as <see cref="Stopwatch.GetTimestamp"/> says; 0 between files.</summary>
    public long Since { get; private set; }

    /// <summary>Has a file read; null if nothing is wrong.</summary>
    public FileVerdict? Try(ReadOnlySpan<byte> file)
    {
        FileVerdict? verdict = null;
        for (int tries = 0; tries < 3; tries++)
        {
            verdict = TryOnce(file);
            if (verdict?.Kind is not ("slow" or "memory"))
            {
                break;
            }
        }
        return verdict;
    }

    private FileVerdict? TryOnce(ReadOnlySpan<byte> file)
    {
        Write(file);
        DeviceMemory memory = Device.Cpu.Memory;
        // The peak counts what waits in the pool, too.
        (long native, long peak) = (memory.LiveBytes + memory.PooledBytes, memory.PeakBytes);
        long before = GC.GetTotalAllocatedBytes();
        Since = Stopwatch.GetTimestamp();
        FileVerdict? verdict = Read();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(Since);
        Since = 0;
        long allocated = GC.GetTotalAllocatedBytes() - before;
        // Only a new peak can be told; a smaller one was less than what was allowed already.
        allocated += memory.PeakBytes > peak ? memory.PeakBytes - native : 0;
        Files++;
        Slowest = elapsed > Slowest ? elapsed : Slowest;
        MostAllocated = Math.Max(MostAllocated, allocated);
        long most = MostBytes + (file.Length * MostBytesPerByte) + (format.IsPacked ? packedBytes : 0);
        return verdict
            ?? (elapsed > Longest ? new FileVerdict("slow", $"took {elapsed.TotalSeconds:F1} s") : null)
            ?? (allocated > most && !format.IsForeign ? new FileVerdict("memory", $"allocated {allocated:N0} bytes for {file.Length:N0}; {most:N0} were allowed") : null);
    }

    private FileVerdict? Read()
    {
        try
        {
            format.Read(Path);
            return null;
        }
        catch (InvalidDataException refusal)
        {
            Refused++;
            string message = refusal.Message;
            string? wrong = !message.Contains(format.IsOneOfSeveral ? folder : Path, StringComparison.Ordinal) ? "does not name the file"
                : !message.Contains(format.Place, StringComparison.Ordinal) ? "does not say the place"
                : message.Length > LongestMessage ? "is too long"
                : message.Any(char.IsControl) ? "has control characters"
                : null;
            return wrong is null ? null : new FileVerdict($"message {wrong} {Frames(refusal)}", $"a message that {wrong}: {message}\n{refusal.StackTrace}");
        }
        catch (Exception failure)
        {
            return new FileVerdict($"{failure.GetType().Name} {Frames(failure)}", $"{failure.GetType().Name}: {failure.Message}\n{failure.StackTrace}");
        }
    }

    private void Write(ReadOnlySpan<byte> file)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(Path, FileMode.Create, FileAccess.Write);
        RandomAccess.Write(handle, file, 0);
    }

    // The two methods that are nearest to what was thrown, in our code or in a package.
    private static string Frames(Exception failure) => string.Join(
        " < ",
        new StackTrace(failure).GetFrames().Select(DiagnosticMethodInfo.Create)
            .Where(method => method?.DeclaringTypeName?.StartsWith("System.", StringComparison.Ordinal) == false).Take(2)
            .Select(method => $"{method!.DeclaringTypeName!.Split('.')[^1]}.{method.Name}"));
}
