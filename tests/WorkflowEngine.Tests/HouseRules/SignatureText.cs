using System.Reflection;
using System.Runtime.CompilerServices;

namespace WorkflowEngine.Tests.HouseRules;

/// <summary>One public member as one line that reads like C#, nullability and defaults included.</summary>
internal static class SignatureText
{
    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(short)] = "short",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    public static string Field(FieldInfo field) => field.IsLiteral
        ? $"const {Name(field.FieldType)} {field.Name} = {Literal(field.GetRawConstantValue(), field.FieldType)}"
        : $"{Words(field.IsStatic, field.IsFamily)}{(field.IsInitOnly ? "readonly " : string.Empty)}{Annotated(field.FieldType, Nullability.Create(field).ReadState)} {field.Name}";

    public static string Constructor(ConstructorInfo constructor)
        => $"{Words(false, constructor.IsFamily)}{Plain(constructor.DeclaringType!.Name)}({Parameters(constructor)})";

    public static string Property(PropertyInfo property)
    {
        var info = Nullability.Create(property);
        var read = property.GetMethod is { } get && Visible(get);
        var write = property.SetMethod is { } set && Visible(set) ? IsInit(property.SetMethod) ? "init; " : "set; " : string.Empty;
        var accessor = (read ? property.GetMethod : property.SetMethod)!;
        var index = property.GetIndexParameters();
        var name = index.Length == 0 ? property.Name : $"this[{string.Join(", ", index.Select(Parameter))}]";
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : string.Empty;
        return $"{required}{Words(accessor)}{Annotated(property.PropertyType, read ? info.ReadState : info.WriteState)} {name} {{ {(read ? "get; " : string.Empty)}{write}}}";
    }

    public static string Event(EventInfo declared) => $"{Words(declared.AddMethod!)}event {Name(declared.EventHandlerType!)} {declared.Name}";

    public static string Method(MethodInfo method)
    {
        var generic = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : string.Empty;
        var extension = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : string.Empty;
        return $"{Words(method)}{Return(method)} {method.Name}{generic}({extension}{Parameters(method)}){Constraints(method.GetGenericArguments())}";
    }

    public static string Delegate(Type type)
    {
        var invoke = type.GetMethod("Invoke")!;
        return $"{Return(invoke)} {FullName(type)}({Parameters(invoke)}){Constraints(type.GetGenericArguments())}";
    }

    public static string FullName(Type type) => type.IsNested ? $"{FullName(type.DeclaringType!)}.{Name(type)}" : $"{type.Namespace}.{Name(type)}";

    public static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Name(value)}?";
        }

        return Keywords.TryGetValue(type, out var word) ? word
            : type.IsGenericType ? $"{Plain(type.Name)}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : type.Name;
    }

    public static string Constraints(Type[] arguments) => string.Concat(arguments.Where(argument => argument.IsGenericParameter).Select(Constraint));

    private static string Constraint(Type argument)
    {
        var flags = argument.GenericParameterAttributes;
        string[] words =
        [
            .. flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint) ? ["struct"] : Array.Empty<string>(),
            .. flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint) ? ["class"] : Array.Empty<string>(),
            .. argument.GetGenericParameterConstraints().Where(type => type != typeof(ValueType)).Select(Name).Order(StringComparer.Ordinal),
        ];
        return words.Length == 0 ? string.Empty : $" where {argument.Name} : {string.Join(", ", words)}";
    }

    private static string Return(MethodInfo method) => Annotated(method.ReturnType, Nullability.Create(method.ReturnParameter).ReadState);

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var word = parameter switch
        {
            { IsOut: true } => "out ",
            { ParameterType.IsByRef: true, IsIn: true } => "in ",
            { ParameterType.IsByRef: true } => "ref ",
            _ when parameter.IsDefined(typeof(ParamArrayAttribute)) => "params ",
            _ => string.Empty,
        };
        var info = Nullability.Create(parameter);
        var value = parameter.HasDefaultValue ? $" = {Literal(parameter.RawDefaultValue, parameter.ParameterType)}" : string.Empty;
        return $"{word}{Annotated(parameter.ParameterType, parameter.IsOut ? info.ReadState : info.WriteState)} {parameter.Name}{value}";
    }

    /// <summary>A bare type parameter goes without its mark: reflection calls it nullable whatever the code says.</summary>
    private static string Annotated(Type type, NullabilityState state) => Name(type) is var name && state == NullabilityState.Nullable && !type.IsGenericParameter && !name.EndsWith('?') ? $"{name}?" : name;

    private static string Words(MethodInfo method)
        => Words(method.IsStatic, method.IsFamily) + (method.DeclaringType!.IsInterface
            ? method.IsStatic || method.IsAbstract ? string.Empty : "default "
            : method.IsAbstract ? "abstract "
            : method.GetBaseDefinition() != method ? "override "
            : method is { IsVirtual: true, IsFinal: false } ? "virtual "
            : string.Empty);

    private static string Words(bool isStatic, bool isFamily) => $"{(isFamily ? "protected " : string.Empty)}{(isStatic ? "static " : string.Empty)}";

    private static bool Visible(MethodInfo method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsInit(MethodInfo setter) => setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static string Literal(object? value, Type type) => value switch
    {
        null => type.IsValueType && Nullable.GetUnderlyingType(type) is null ? "default" : "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value}"),
    };

    private static string Plain(string name) => name.Split('`')[0];
}
