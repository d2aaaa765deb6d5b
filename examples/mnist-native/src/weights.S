/* The trained weights, see export_weights.py. */
    .section .rodata
    .balign 16
    .global mnist_weights
    .hidden mnist_weights
mnist_weights:
    .incbin "weights.bin"
    .section .note.GNU-stack, "", %progbits
