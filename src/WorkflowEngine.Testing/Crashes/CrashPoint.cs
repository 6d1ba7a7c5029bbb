namespace WorkflowEngine;

/// <summary>A place on the route of a step where a process may die.</summary>
public enum CrashPoint
{
    /// <summary>A transition was decided and is not stored: it did not happen.</summary>
    BeforeCommit,

    /// <summary>A transition is stored, and nobody has learned of it.</summary>
    AfterCommit,

    /// <summary>The node asks for work.</summary>
    BeforeClaim,

    /// <summary>The node owns what it claimed, and has not begun it.</summary>
    AfterClaim,

    /// <summary>A step has its slot, its data and its config; its body was not called.</summary>
    BeforeBody,

    /// <summary>A body has returned, or thrown; its effects are in the world, its outcome is nowhere.</summary>
    AfterBody,

    /// <summary>A large packet is stored, and no row names it.</summary>
    DuringPacketWrite,
}
