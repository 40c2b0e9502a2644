using System.Diagnostics;

namespace HyperKernels.Fuzzing;

/// <summary>
/// Gives a file to its reader. What is not read must be refused by <see cref="InvalidDataException"/>, in one short line with the file and the place, soon, and
/// without more memory than the file's size accounts for.
/// </summary>
internal sealed class Judge(FuzzTarget target, string folder)
{
    /// <summary>What packed content may become in a fuzzing run whatever its size: more takes time and tells nothing more.</summary>
    public const long PackedBytes = 1 << 20;

    /// <summary>Allocated on the managed heap in all while a file is read, not at one time: this, and so much a byte of the file.</summary>
    public const long MostBytes = 16 << 20;
    public const long MostBytesPerByte = 400;

    /// <summary>Longer is a finding, if it is so three times: other work on the machine takes time too.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private const int LongestMessage = 2_000;

    /// <summary>The file that is read.</summary>
    public string Path { get; } = System.IO.Path.Combine(folder, target.FileName);

    public long Files { get; private set; }

    public long Refused { get; private set; }

    public TimeSpan Slowest { get; private set; }

    public long MostAllocated { get; private set; }

    /// <summary>Since when the file that is being read is read, as <see cref="Stopwatch.GetTimestamp"/> says; 0 between files.</summary>
    public long Since { get; private set; }

    /// <summary>Has a file read; null if nothing is wrong.</summary>
    public Verdict? Try(ReadOnlySpan<byte> file)
    {
        Verdict? verdict = null;
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

    private Verdict? TryOnce(ReadOnlySpan<byte> file)
    {
        Write(file);
        DeviceMemory memory = Device.Cpu.Memory;
        (long native, long peak) = (memory.LiveBytes, memory.PeakBytes);
        long before = GC.GetTotalAllocatedBytes();
        Since = Stopwatch.GetTimestamp();
        Verdict? verdict = Read();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(Since);
        Since = 0;
        long allocated = GC.GetTotalAllocatedBytes() - before;
        // Only a new peak can be told; a smaller one was less than what was allowed already.
        allocated += memory.PeakBytes > peak ? memory.PeakBytes - native : 0;
        Files++;
        Slowest = elapsed > Slowest ? elapsed : Slowest;
        MostAllocated = Math.Max(MostAllocated, allocated);
        long most = MostBytes + (file.Length * MostBytesPerByte) + (target.IsPacked ? 16 * PackedBytes : 0);
        return verdict
            ?? (elapsed > Longest ? new Verdict("slow", $"took {elapsed.TotalSeconds:F1} s") : null)
            ?? (allocated > most && !target.IsForeign ? new Verdict("memory", $"allocated {allocated:N0} bytes for {file.Length:N0}; {most:N0} were allowed") : null);
    }

    private Verdict? Read()
    {
        try
        {
            target.Read(Path);
            return null;
        }
        catch (InvalidDataException refusal)
        {
            Refused++;
            string message = refusal.Message;
            string? wrong = !message.Contains(folder, StringComparison.Ordinal) ? "does not name the file"
                : !message.Contains(target.Place, StringComparison.Ordinal) ? "does not say the place"
                : message.Length > LongestMessage ? "is too long"
                : message.Any(char.IsControl) ? "has control characters"
                : null;
            return wrong is null ? null : new Verdict($"message {wrong} {Frames(refusal)}", $"a message that {wrong}: {message}\n{refusal.StackTrace}");
        }
        catch (Exception failure)
        {
            return new Verdict($"{failure.GetType().Name} {Frames(failure)}", failure.ToString());
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
        new StackTrace(failure).GetFrames().Select(frame => frame.GetMethod())
            .Where(method => method?.DeclaringType?.Namespace?.StartsWith("System", StringComparison.Ordinal) == false).Take(2)
            .Select(method => $"{method!.DeclaringType!.Name}.{method.Name}"));
}
