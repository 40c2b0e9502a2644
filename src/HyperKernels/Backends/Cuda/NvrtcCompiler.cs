using System.Runtime.InteropServices;
using System.Text;
using HyperKernels.Backends.Gpu;
using static HyperKernels.Backends.Cuda.NvrtcApi;

namespace HyperKernels.Backends.Cuda;

/// <summary>
/// Compiles kernels at run time. To code for the device where NVRTC knows its architecture: any driver of the same major version loads that,
/// PTX only one at least as new as NVRTC. For a device newer than NVRTC: PTX of the newest architecture that it knows.
/// </summary>
internal sealed unsafe class NvrtcCompiler : ICudaCompiler
{
    private const int Success = 0;

    private readonly KernelCache _cache;
    private readonly bool _toCode;
    private readonly string[] _options;

    private NvrtcCompiler(int target, bool toCode, string version, KernelCache cache)
    {
        _cache = cache;
        _toCode = toCode;
        // As in the other builds of the dialect: products and sums are fused where the source says so, nowhere else.
        _options = [$"--gpu-architecture={(toCode ? "sm" : "compute")}_{target}", "--fmad=false", "--std=c++17"];
        Description = $"kernels by NVRTC {version}";
    }

    public string Description { get; }

    /// <summary>Looks for the library. Null, with the reason, if it is absent, lacks a function, or knows no architecture that the device runs.</summary>
    public static NvrtcCompiler? Find(int architecture, KernelCache cache, out string reason)
    {
        if (!NativeLibraries.IsPresent("nvrtc", out reason))
        {
            return null;
        }
        if (NativeLibraries.FirstMissing("nvrtc", CudaExports.Nvrtc) is { } missing)
        {
            reason = $"the NVRTC library lacks {missing} (version 11.2 or later is needed)";
            return null;
        }
        int major = 0, minor = 0, count = 0;
        if (nvrtcVersion(&major, &minor) != Success || nvrtcGetNumSupportedArchs(&count) != Success || count is <= 0 or > 1000)
        {
            reason = "the NVRTC library does not say its version and architectures";
            return null;
        }
        int[] known = new int[count];
        fixed (int* first = known)
        {
            if (nvrtcGetSupportedArchs(first) != Success)
            {
                reason = "the NVRTC library does not say which architectures it knows";
                return null;
            }
        }
        int target = known.Where(known => known <= architecture).DefaultIfEmpty().Max();
        if (target == 0)
        {
            reason = $"NVRTC {major}.{minor} knows no architecture up to compute {architecture / 10}.{architecture % 10}";
            return null;
        }
        return new NvrtcCompiler(target, target == architecture, $"{major}.{minor}", cache);
    }

    public byte[] Compile(KernelSource source)
    {
        string key = KernelCache.Key(["cuda", source.Text, Description, .. _options]);
        byte[]? image = _cache.Read(key);
        if (image is null)
        {
            image = Build(source);
            _cache.Write(key, image);
        }
        return image;
    }

    private byte[] Build(KernelSource source)
    {
        nint program;
        fixed (byte* text = Encoding.UTF8.GetBytes(source.Text + "\0"))
        fixed (byte* name = Encoding.UTF8.GetBytes(source.File + "\0"))
        {
            Check(nvrtcCreateProgram(&program, text, name, 0, null, null), nameof(nvrtcCreateProgram), source, 0);
        }
        try
        {
            Check(CompileProgram(program), nameof(nvrtcCompileProgram), source, program);
            return Image(program, source);
        }
        finally
        {
            _ = nvrtcDestroyProgram(&program);
        }
    }

    private int CompileProgram(nint program)
    {
        byte** options = stackalloc byte*[_options.Length];
        for (int i = 0; i < _options.Length; i++)
        {
            options[i] = (byte*)Marshal.StringToCoTaskMemUTF8(_options[i]);
        }
        try
        {
            return nvrtcCompileProgram(program, _options.Length, options);
        }
        finally
        {
            for (int i = 0; i < _options.Length; i++)
            {
                Marshal.FreeCoTaskMem((nint)options[i]);
            }
        }
    }

    private byte[] Image(nint program, KernelSource source)
    {
        nuint size;
        Check(_toCode ? nvrtcGetCUBINSize(program, &size) : nvrtcGetPTXSize(program, &size), nameof(nvrtcGetCUBINSize), source, 0);
        byte[] image = new byte[checked((int)size)];
        fixed (byte* start = image)
        {
            Check(_toCode ? nvrtcGetCUBIN(program, start) : nvrtcGetPTX(program, start), nameof(nvrtcGetCUBIN), source, 0);
        }
        return image;
    }

    private void Check(int status, string call, KernelSource source, nint program)
    {
        if (status != Success)
        {
            throw new KernelBuildException(
                $"cuda: {call} failed ({Marshal.PtrToStringUTF8((nint)nvrtcGetErrorString(status)) ?? "unknown code"}, {status}) for {source.File} "
                + $"with {string.Join(' ', _options)}. Log:\n{(program == 0 ? "(none)" : Log(program))}");
        }
    }

    private static string Log(nint program)
    {
        nuint size;
        if (nvrtcGetProgramLogSize(program, &size) != Success || size == 0)
        {
            return "(none)";
        }
        byte[] log = new byte[size];
        fixed (byte* start = log)
        {
            _ = nvrtcGetProgramLog(program, start);
        }
        return Encoding.UTF8.GetString(log).TrimEnd('\0', '\n');
    }
}
