using System.Runtime.InteropServices;

namespace HyperKernels.Distributed;

/// <summary>The functions of Open MPI 4 and 5 (one binary interface, libmpi.so.40) that are called. All return a status, 0 for success; handles are addresses.</summary>
internal static unsafe partial class MpiApi
{
    public const string Library = "libmpi.so.40";

    /// <summary>Any thread may call at any time.</summary>
    public const int ThreadMultiple = 3;

    public const int MaxErrorString = 256;
    public const int MaxVersionString = 256;

    [LibraryImport(Library)]
    public static partial int MPI_Init_thread(nint argumentCount, nint arguments, int required, int* provided);

    [LibraryImport(Library)]
    public static partial int MPI_Initialized(int* flag);

    [LibraryImport(Library)]
    public static partial int MPI_Finalize();

    [LibraryImport(Library)]
    public static partial int MPI_Abort(nint communicator, int code);

    [LibraryImport(Library)]
    public static partial int MPI_Get_library_version(byte* text, int* length);

    [LibraryImport(Library)]
    public static partial int MPI_Error_string(int code, byte* text, int* length);

    [LibraryImport(Library)]
    public static partial int MPI_Comm_rank(nint communicator, int* rank);

    [LibraryImport(Library)]
    public static partial int MPI_Comm_size(nint communicator, int* size);

    [LibraryImport(Library)]
    public static partial int MPI_Comm_dup(nint communicator, nint* copy);

    [LibraryImport(Library)]
    public static partial int MPI_Comm_set_errhandler(nint communicator, nint handler);

    [LibraryImport(Library)]
    public static partial int MPI_Isend(void* values, int count, nint type, int to, int tag, nint communicator, nint* request);

    [LibraryImport(Library)]
    public static partial int MPI_Irecv(void* values, int count, nint type, int from, int tag, nint communicator, nint* request);

    [LibraryImport(Library)]
    public static partial int MPI_Test(nint* request, int* flag, Status* status);

    [LibraryImport(Library)]
    public static partial int MPI_Wait(nint* request, Status* status);

    [LibraryImport(Library)]
    public static partial int MPI_Get_count(Status* status, nint type, int* count);

    [LibraryImport(Library)]
    public static partial int MPI_Bcast(void* values, int count, nint type, int root, nint communicator);

    [LibraryImport(Library)]
    public static partial int MPI_Barrier(nint communicator);

    /// <summary>MPI_Status.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Status
    {
        public int Source;
        public int Tag;
        public int Error;
        public int Cancelled;
        public nuint Bytes;
    }
}
