using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace HyperKernels.Distributed;

/// <summary>Finds Open MPI at run time, knows its constants, which are addresses in it, and turns its status codes into exceptions.</summary>
internal static unsafe class MpiLibrary
{
    private static readonly Lazy<(nint Handle, string Reason)> s_library = new(Load);

    public static MpiStatus Status
    {
        get
        {
            (nint handle, string reason) = s_library.Value;
            return handle == 0 ? new MpiStatus(false, "", reason) : new MpiStatus(true, Version(), "");
        }
    }

    public static nint World => Address("ompi_mpi_comm_world");

    public static nint ErrorsReturn => Address("ompi_mpi_errors_return");

    /// <summary>A type of as many bytes: values are moved, not computed with.</summary>
    public static nint TypeOf<T>()
        where T : unmanaged => Unsafe.SizeOf<T>() switch
        {
            1 => Address("ompi_mpi_byte"),
            2 => Address("ompi_mpi_short"),
            4 => Address("ompi_mpi_float"),
            8 => Address("ompi_mpi_double"),
            _ => throw new ArgumentException($"MPI: values must have 1, 2, 4 or 8 bytes; {typeof(T).Name} has {Unsafe.SizeOf<T>()}. Send its bytes."),
        };

    /// <summary>Makes sure that a call succeeded.</summary>
    /// <param name="status">What it returned.</param>
    /// <param name="call">Its name.</param>
    /// <param name="what">With what: <c>1,024 values to rank 3, tag 7</c>.</param>
    /// <exception cref="CommunicationException">It did not.</exception>
    public static void Check(int status, string call, string what = "")
    {
        if (status == 0)
        {
            return;
        }
        byte* text = stackalloc byte[MpiApi.MaxErrorString];
        int length = 0;
        string words = MpiApi.MPI_Error_string(status, text, &length) == 0 ? Encoding.UTF8.GetString(text, length) : "unknown error";
        throw new CommunicationException($"MPI: {call} failed ({status}: {words}){(what.Length > 0 ? $" for {what}" : "")}.");
    }

    private static (nint Handle, string Reason) Load()
    {
        if (!OperatingSystem.IsLinux())
        {
            return (0, $"Open MPI is looked for on Linux only; this is {RuntimeInformation.OSDescription}.");
        }
        if (!NativeLibrary.TryLoad(MpiApi.Library, out nint handle))
        {
            return (0, $"{MpiApi.Library} was not found; install Open MPI (Debian, Ubuntu: apt-get install openmpi-bin) or put its folder in LD_LIBRARY_PATH.");
        }
        return NativeLibrary.TryGetExport(handle, "ompi_mpi_comm_world", out _)
            ? (handle, "")
            : (0, $"{MpiApi.Library} is not Open MPI's: it has no ompi_mpi_comm_world.");
    }

    private static string Version()
    {
        byte* text = stackalloc byte[MpiApi.MaxVersionString];
        int length = 0;
        Check(MpiApi.MPI_Get_library_version(text, &length), nameof(MpiApi.MPI_Get_library_version));
        return Encoding.UTF8.GetString(text, length).TrimEnd('\0').Split(',')[0];
    }

    private static nint Address(string name) => NativeLibrary.GetExport(s_library.Value.Handle, name);
}
