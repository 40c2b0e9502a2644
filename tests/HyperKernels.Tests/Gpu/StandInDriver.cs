using System.Runtime.InteropServices;
using HyperKernels.Gpu;

namespace HyperKernels.Tests.Gpu;

/// <summary>Puts a stand-in in the place of NVIDIA's driver in this process, which has none: whoever asked before goes on without.</summary>
internal static unsafe class StandInDriver
{
    // Once: a function that was found in a library stays that one.
    private static readonly Lazy<nint> s_library = new(Load);

    /// <summary>Skips the test where there is a real device.</summary>
    internal static void Use()
    {
        if (Device.All.Any(status => status.Name == "cuda" && status.IsAvailable))
        {
            Assert.Ignore("this process has a real CUDA device; the stand-in cannot take its place.");
        }
        _ = s_library.Value;
    }

    /// <summary>Objects of the driver that were made and not given back.</summary>
    internal static int Live => Number("standin_live");

    /// <summary>Contexts among them.</summary>
    internal static int Contexts => Number("standin_contexts");

    /// <summary>How many contexts are the calling thread's, one upon the other.</summary>
    internal static int Depth => Number("standin_depth");

    internal static int GraphLaunches => Number("standin_graph_launches");

    /// <summary>The last text that it was to make a module of.</summary>
    internal static string Image => Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)Export("standin_image"))())!;

    /// <summary>From now on a function answers with a status, once some of its calls went well. One from 700 to 719 is a fault of the context.</summary>
    internal static void Fail(string function, int status, int after = 0)
    {
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(function + "\0"))
        {
            ((delegate* unmanaged<byte*, int, int, void>)Export("standin_fail"))(name, status, after);
        }
    }

    /// <summary>All functions do what they should.</summary>
    internal static void FailNoMore() => Fail("", 0);

    /// <summary>Another library of the process makes a context the calling thread's.</summary>
    internal static nint PushForeign() => ((delegate* unmanaged<nint>)Export("standin_push"))();

    /// <summary>It takes the thread's last one away.</summary>
    internal static nint Pop() => ((delegate* unmanaged<nint>)Export("standin_pop"))();

    internal static CudaDevice Open() => (CudaDevice)new CudaProvider().OpenDevice();

    private static int Number(string function) => ((delegate* unmanaged<int>)Export(function))();

    private static nint Export(string function) => NativeLibrary.GetExport(s_library.Value, function);

    private static nint Load()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string file = StandIns.Build(folder, "cuda_standin.c");
        NativeLibraries.Replace("cuda", file);
        return NativeLibrary.Load(file);
    }
}
