using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace WorkflowEngine.Tests.HouseRules;

/// <summary>The public face of an assembly as text: one line per type and member, sorted, so that a change of it shows in review.</summary>
internal static class PublicApiText
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Of(Assembly assembly) => Of(assembly.GetExportedTypes());

    public static string Of(IEnumerable<Type> types)
    {
        var text = new StringBuilder();
        foreach (var type in types.Where(IsVisible).OrderBy(SignatureText.FullName, StringComparer.Ordinal))
        {
            text.Append(TypeLine(type)).Append('\n');
            foreach (var line in Members(type))
            {
                text.Append("    ").Append(line).Append('\n');
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => $"{field.Name} = {field.GetRawConstantValue()}");
        }

        if (IsDelegate(type))
        {
            return [];
        }

        return type.GetFields(Declared).Where(IsVisible).Select(SignatureText.Field)
            .Concat(type.GetConstructors(Declared).Where(IsVisible).Select(SignatureText.Constructor))
            .Concat(type.GetProperties(Declared).Where(IsVisible).Select(SignatureText.Property))
            .Concat(type.GetEvents(Declared).Where(declared => IsVisible(declared.AddMethod)).Select(SignatureText.Event))
            .Concat(type.GetMethods(Declared).Where(IsOrdinary).Select(SignatureText.Method))
            .Order(StringComparer.Ordinal);
    }

    private static string TypeLine(Type type)
    {
        if (IsDelegate(type))
        {
            return $"delegate {SignatureText.Delegate(type)}";
        }

        var bases = type.IsEnum ? [] : new[] { type.BaseType }.OfType<Type>().Where(parent => parent != typeof(object) && parent != typeof(ValueType))
            .Concat(OwnInterfaces(type).OrderBy(SignatureText.Name, StringComparer.Ordinal))
            .Select(SignatureText.Name).ToArray();
        return $"{Kind(type)} {SignatureText.FullName(type)}{(bases.Length == 0 ? string.Empty : $" : {string.Join(", ", bases)}")}{SignatureText.Constraints(type.GetGenericArguments())}";
    }

    /// <summary>The interfaces that neither the base type nor another interface brings along.</summary>
    private static IEnumerable<Type> OwnInterfaces(Type type)
    {
        var all = type.GetInterfaces();
        return all.Except(all.SelectMany(other => other.GetInterfaces())).Except(type.BaseType?.GetInterfaces() ?? []).Where(IsVisible);
    }

    private static string Kind(Type type)
    {
        var record = type.GetMethod("PrintMembers", Declared) is not null ? "record " : string.Empty;
        return type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => $"{(type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : string.Empty)}{record}struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => $"abstract {record}class",
            { IsSealed: true } => $"sealed {record}class",
            _ => $"{record}class",
        };
    }

    private static bool IsDelegate(Type type) => typeof(MulticastDelegate).IsAssignableFrom(type.BaseType);

    private static bool IsVisible(Type type) => type.IsVisible;

    private static bool IsVisible(MethodBase? method) => method is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true } && !(method.IsFamily && method.DeclaringType!.IsSealed);

    private static bool IsVisible(FieldInfo field) => field is { IsPublic: true, IsSpecialName: false } or { IsFamily: true };

    private static bool IsVisible(PropertyInfo property)
        => (IsVisible(property.GetMethod) || IsVisible(property.SetMethod)) && !(property.Name == "EqualityContract" && property.PropertyType == typeof(Type));

    /// <summary>Not an accessor, and not what the compiler writes for a record.</summary>
    private static bool IsOrdinary(MethodInfo method)
        => IsVisible(method)
            && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))
            && !method.IsDefined(typeof(CompilerGeneratedAttribute))
            && !method.Name.StartsWith('<');
}
