using System.Reflection;
using System.Reflection.Emit;

namespace HyperKernels.Tests.Arguments;

/// <summary>Calls any method with arguments in an array; spans, which reflection cannot pass, are given as arrays.</summary>
internal static class Invoker
{
    public delegate object? Call(object? receiver, object?[] arguments);

    /// <summary>Makes the call, or null where a parameter is of a kind that cannot be made.</summary>
    public static Call? Of(MethodBase method)
    {
        DynamicMethod code = new($"call {method.Name}", typeof(object), [typeof(object), typeof(object[])], typeof(Invoker).Module, skipVisibility: true);
        ILGenerator il = code.GetILGenerator();
        Type owner = method.DeclaringType!;
        if (!method.IsStatic && !method.IsConstructor)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(owner.IsValueType ? OpCodes.Unbox : OpCodes.Castclass, owner);
        }
        foreach (ParameterInfo parameter in method.GetParameters())
        {
            Type type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
            if (type.IsByRefLike && SpanElement(type) is null)
            {
                return null;
            }
            if (!parameter.ParameterType.IsByRef)
            {
                Load(il, type, parameter.Position);
                continue;
            }
            LocalBuilder local = il.DeclareLocal(type);
            if (!parameter.IsOut)
            {
                Load(il, type, parameter.Position);
                il.Emit(OpCodes.Stloc, local);
            }
            il.Emit(OpCodes.Ldloca, local);
        }
        Type result = method is MethodInfo called ? called.ReturnType : owner;
        if (method is ConstructorInfo constructor)
        {
            il.Emit(OpCodes.Newobj, constructor);
        }
        else
        {
            il.Emit(method.IsVirtual && !owner.IsValueType ? OpCodes.Callvirt : OpCodes.Call, (MethodInfo)method);
        }
        if (result == typeof(void))
        {
            il.Emit(OpCodes.Ldnull);
        }
        else if (result.IsByRefLike || result.IsByRef || result.IsPointer)
        {
            il.Emit(OpCodes.Pop);
            il.Emit(OpCodes.Ldnull);
        }
        else if (result.IsValueType)
        {
            il.Emit(OpCodes.Box, result);
        }
        il.Emit(OpCodes.Ret);
        return code.CreateDelegate<Call>();
    }

    /// <summary>What a span holds; null for other types.</summary>
    public static Type? SpanElement(Type type) =>
        type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(ReadOnlySpan<>) || type.GetGenericTypeDefinition() == typeof(Span<>))
            ? type.GetGenericArguments()[0]
            : null;

    private static void Load(ILGenerator il, Type type, int position)
    {
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldc_I4, position);
        il.Emit(OpCodes.Ldelem_Ref);
        if (SpanElement(type) is { } element)
        {
            il.Emit(OpCodes.Castclass, element.MakeArrayType());
            il.Emit(OpCodes.Call, type.GetMethod("op_Implicit", [element.MakeArrayType()])!);
        }
        else
        {
            il.Emit(OpCodes.Unbox_Any, type);
        }
    }
}
