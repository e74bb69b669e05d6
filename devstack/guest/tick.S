# SPDX-License-Identifier: Apache-2.0
#
# The tick guest: a boot sector that behaves like a tiny operating system.
# Made into a disk by build-tick.sh; booted by tests that need a guest but no
# Linux.
#
# It says "TICK up" on COM1 and the screen, then a dot each second. It echoes
# what it reads from COM1, where q powers off and r resets, and what is typed
# on its keyboard. The ACPI power button powers it off, and at an NMI it says
# "TICK NMI". Machine types pc and q35 have the same ports here.

        .intel_syntax noprefix
        .code16
        .globl  _start

        .equ    UART_DATA, 0x3f8
        .equ    UART_LINE_STATUS, 0x3fd
        .equ    RX_READY, 0x01
        .equ    TX_EMPTY, 0x20

        .equ    PM1_STATUS, 0x600
        .equ    PM1_ENABLE, 0x602
        .equ    PM1_CONTROL, 0x604
        .equ    POWER_BUTTON, 0x0100
        .equ    SOFT_OFF, 0x2000

        .equ    RESET_CONTROL, 0xcf9
        .equ    TICKS_A_SECOND, 18
        .equ    NMI_VECTOR, 2 * 4

_start: jmp     0:main

main:   xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, 0x7c00
        mov     word ptr [NMI_VECTOR], offset nmi
        mov     [NMI_VECTOR + 2], ax
        cld
        sti
        # QEMU latches the button only while the event is enabled.
        mov     dx, PM1_ENABLE
        mov     ax, POWER_BUTTON
        out     dx, ax
        mov     si, offset text_up
        call    print
        xor     bp, bp                  # bp counts timer ticks

# The BIOS timer ends the halt 18.2 times a second.
idle:   hlt
        mov     dx, PM1_STATUS
        in      ax, dx
        test    ax, POWER_BUTTON
        jnz     pressed
        mov     dx, UART_LINE_STATUS
        in      al, dx
        test    al, RX_READY
        jz      key
        mov     dx, UART_DATA
        in      al, dx
        cmp     al, 'q'
        je      off
        cmp     al, 'r'
        je      reset
        call    emit
# What is typed on its keyboard is echoed too, and does nothing else.
key:    mov     ah, 1
        int     0x16
        jz      count
        xor     ah, ah
        int     0x16
        call    emit
count:  inc     bp
        cmp     bp, TICKS_A_SECOND
        jb      idle
        xor     bp, bp
        mov     al, '.'
        call    emit
        jmp     idle

pressed:
        mov     si, offset text_button
        call    print
off:    mov     si, offset text_bye
        call    print
        mov     dx, PM1_CONTROL
        mov     ax, SOFT_OFF
        out     dx, ax
        jmp     stop
reset:  mov     dx, RESET_CONTROL
        mov     al, 6
        out     dx, al
stop:   cli
        hlt
        jmp     stop

nmi:    pusha
        mov     si, offset text_nmi
        call    print
        popa
        iret

# print: the zero-ended text at si.
print:  lodsb
        or      al, al
        jz      done
        call    emit
        jmp     print

# emit: the character in al, on the screen and on COM1. Keeps bp and si.
emit:   pusha
        mov     ah, 0x0e
        mov     bx, 7
        int     0x10
        popa
        mov     cl, al
        mov     dx, UART_LINE_STATUS
busy:   in      al, dx
        test    al, TX_EMPTY
        jz      busy
        mov     dx, UART_DATA
        mov     al, cl
        out     dx, al
done:   ret

text_up:
        .asciz  "TICK up\r\n"
text_button:
        .asciz  "\r\nTICK power button\r\n"
text_nmi:
        .asciz  "\r\nTICK NMI\r\n"
text_bye:
        .asciz  "TICK bye\r\n"

# One active partition, which some firmware wants to see before it boots.
        .org    446
        .byte   0x80, 0, 2, 0, 0x83, 0, 3, 0
        .long   1, 1
        .org    510
        .word   0xaa55
