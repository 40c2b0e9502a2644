using System.Globalization;

namespace HyperKernels.Backends.Cpu;

/// <summary>Data cache sizes of the first processor in bytes; where the system does not tell, those of a small desktop processor.</summary>
internal static class CacheSizes
{
    private const string Folder = "/sys/devices/system/cpu/cpu0/cache";

    public static int Level1 { get; } = Read(1, 32 << 10);

    public static int Level2 { get; } = Read(2, 256 << 10);

    public static int Level3 { get; } = Read(3, 4 << 20);

    private static int Read(int level, int otherwise)
    {
        try
        {
            for (int index = 0; File.Exists($"{Folder}/index{index}/level"); index++)
            {
                string type = File.ReadAllText($"{Folder}/index{index}/type").Trim();
                string size = File.ReadAllText($"{Folder}/index{index}/size").Trim();
                if (type != "Instruction"
                    && int.Parse(File.ReadAllText($"{Folder}/index{index}/level"), CultureInfo.InvariantCulture) == level
                    && size.EndsWith('K')
                    && int.TryParse(size.AsSpan(0, size.Length - 1), CultureInfo.InvariantCulture, out int kilobytes)
                    && kilobytes > 0)
                {
                    return (int)Math.Min((long)kilobytes << 10, 1 << 30);
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException)
        {
            // Sandboxes hide or garble the folder; the size only steers speed.
        }
        return otherwise;
    }
}
