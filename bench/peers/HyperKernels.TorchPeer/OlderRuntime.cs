using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace HyperKernels.TorchPeer;

/// <summary>
/// Makes TorchSharp's native wrapper load beside a C++ runtime older than GCC 13, such as Debian 12's. Of that runtime's newest version,
/// GLIBCXX_3.4.32, the wrapper needs one function alone, <c>std::ios_base_library_init()</c>, which only makes sure that the runtime's
/// streams are initialised; loading the runtime does so in older versions. The copy beside the program is changed to call <c>tzset</c>
/// of the C library instead, which takes and returns nothing either, and to ask for a version that the older runtime has.
/// </summary>
internal static class OlderRuntime
{
    private const string Wrapper = "libLibTorchSharp.so";
    private const string Newest = "GLIBCXX_3.4.32";
    private const string Older = "GLIBCXX_3.4.30";
    private const string Initialiser = "_ZSt21ios_base_library_initv";
    private const string Harmless = "tzset";
    private const int SectionHeader = 64;
    private const int SymbolSize = 24;
    private const ushort AnyVersion = 1;

    /// <summary>Changes the copy, if it cannot be loaded as it is.</summary>
    public static void Meet()
    {
        string path = Directory.EnumerateFiles(AppContext.BaseDirectory, Wrapper, SearchOption.AllDirectories).First();
        // What it builds on is looked up by name once it is loaded.
        NativeLibrary.Load(Path.Combine(Path.GetDirectoryName(path)!, "libtorch_cpu.so"));
        if (NativeLibrary.TryLoad(path, out _))
        {
            return;
        }
        byte[] file = File.ReadAllBytes(path);
        Change(file);
        string changed = path + ".changed";
        File.WriteAllBytes(changed, file);
        File.Move(changed, path, overwrite: true);
        NativeLibrary.Load(path);
    }

    private static void Change(byte[] file)
    {
        (int names, int namesLength) = Section(file, ".dynstr");
        (int symbols, int symbolsLength) = Section(file, ".dynsym");
        (int versions, _) = Section(file, ".gnu.version");
        (int needs, int needsLength) = Section(file, ".gnu.version_r");
        int version = names + Find(file.AsSpan(names, namesLength), Newest);
        Encoding.ASCII.GetBytes(Older, file.AsSpan(version));
        for (int at = needs; at < needs + needsLength; at += 4)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at)) == Hash(Newest))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), Hash(Older));
            }
        }
        int name = Find(file.AsSpan(names, namesLength), Initialiser);
        Encoding.ASCII.GetBytes(Harmless + "\0", file.AsSpan(names + name));
        for (int i = 0; i < symbolsLength / SymbolSize; i++)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(symbols + (i * SymbolSize))) == name)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(versions + (2 * i)), AnyVersion);
            }
        }
    }

    private static int Find(ReadOnlySpan<byte> strings, string text)
    {
        int at = strings.IndexOf(Encoding.ASCII.GetBytes(text + "\0"));
        return at >= 0 ? at : throw new InvalidDataException($"{Wrapper} has no \"{text}\": this version needs something else of the C++ runtime.");
    }

    private static (int Offset, int Length) Section(byte[] file, string wanted)
    {
        int headers = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(40));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(60));
        int namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(62));
        int names = Offset(namesIndex);
        byte[] name = Encoding.ASCII.GetBytes(wanted + "\0");
        for (int i = 0; i < count; i++)
        {
            int at = names + (int)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(headers + (i * SectionHeader)));
            if (file.AsSpan(at).StartsWith(name))
            {
                return (Offset(i), (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(headers + (i * SectionHeader) + 32)));
            }
        }
        throw new InvalidDataException($"{Wrapper} has no section {wanted}.");

        int Offset(int index) => (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(headers + (index * SectionHeader) + 24));
    }

    // Of the System V ABI: what the loader compares before it compares names.
    private static uint Hash(string text)
    {
        uint hash = 0;
        foreach (char letter in text)
        {
            hash = (hash << 4) + letter;
            uint high = hash & 0xF0000000;
            hash = (hash ^ (high >> 24)) & ~high;
        }
        return hash;
    }
}
